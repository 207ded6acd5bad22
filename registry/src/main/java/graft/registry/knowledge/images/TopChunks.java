package graft.registry.knowledge.images;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.IntPredicate;

/** The chunks with the most points, equal ones by their number, as the database orders them. */
final class TopChunks {
    private static final Comparator<Found> WORST_FIRST = Comparator.comparingDouble(Found::score)
            .thenComparing(Comparator.comparingLong(Found::number).reversed());

    private TopChunks() {}

    record Found(int ordinal, long number, double score) {}

    /**
     * @param scores  by ordinal; 0 for a chunk that holds none of the words
     * @param numbers by ordinal
     */
    static List<Found> of(double[] scores, int most, IntPredicate standing, long[] numbers) {
        PriorityQueue<Found> best = new PriorityQueue<>(most + 1, WORST_FIRST);
        double least = 0;
        for (int chunk = 0; chunk < scores.length; chunk++) {
            if (scores[chunk] <= 0 || scores[chunk] < least || !standing.test(chunk)) continue;
            best.add(new Found(chunk, numbers[chunk], Math.rint(scores[chunk] * 1e9) / 1e9));
            if (best.size() > most) {
                best.poll();
                least = best.peek().score() - 1e-9; // ties after rounding still get their turn
            }
        }
        List<Found> ordered = new ArrayList<>(best);
        ordered.sort(WORST_FIRST.reversed());
        return ordered;
    }
}
