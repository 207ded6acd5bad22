package graft.knowledge.retrieval;

import graft.registry.knowledge.SearchDao.Hit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Fuses ranked lists by reciprocal rank (Cormack, Clarke and Buettcher, SIGIR 2009): the sum of 1 / (k + rank), never
 * the lists' own scores, which can't be compared. The score is the share of the most a chunk could get: 1 for one that
 * is first in every list. Equal scores are ordered by chunk number, so that results repeat.
 */
public final class Fusion {
    private Fusion() {}

    /** @param ranks one a list, from 1; empty where the list lacks the chunk */
    public record Fused(long chunk, double score, List<OptionalInt> ranks) {}

    public static List<Fused> fuse(List<List<Hit>> lists, int k) {
        Map<Long, OptionalInt[]> ranks = new LinkedHashMap<>();
        for (int list = 0; list < lists.size(); list++) {
            List<Hit> hits = lists.get(list);
            for (int rank = 1; rank <= hits.size(); rank++) {
                ranks.computeIfAbsent(hits.get(rank - 1).chunk(), chunk -> none(lists.size()))[list] =
                        OptionalInt.of(rank);
            }
        }
        double most = lists.size() / (k + 1.0);
        List<Fused> fused = new ArrayList<>(ranks.size());
        ranks.forEach((chunk, found) -> fused.add(new Fused(chunk, sum(found, k) / most, List.of(found))));
        fused.sort(Comparator.comparingDouble(Fused::score).reversed().thenComparingLong(Fused::chunk));
        return fused;
    }

    private static double sum(OptionalInt[] ranks, int k) {
        double sum = 0;
        for (OptionalInt rank : ranks) {
            if (rank.isPresent()) sum += 1.0 / (k + rank.getAsInt());
        }
        return sum;
    }

    private static OptionalInt[] none(int lists) {
        OptionalInt[] none = new OptionalInt[lists];
        Arrays.fill(none, OptionalInt.empty());
        return none;
    }
}
