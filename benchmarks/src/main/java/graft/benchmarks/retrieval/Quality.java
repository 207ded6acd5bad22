package graft.benchmarks.retrieval;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** trec_eval's arithmetic: ndcg_cut.10 with the grade as gain, and recall.100. */
record Quality(double ndcg, double recall) {
    private static final int RANKS = 10;
    private static final int REACH = 100;

    /** @param ranked document ids, best first; @param judged their grades; a query without relevant documents has 0 */
    static Quality of(List<String> ranked, Map<String, Integer> judged) {
        double gain = 0;
        int found = 0;
        for (int rank = 0; rank < Math.min(REACH, ranked.size()); rank++) {
            int grade = Math.max(0, judged.getOrDefault(ranked.get(rank), 0));
            if (grade > 0) found++;
            if (rank < RANKS) gain += grade / discount(rank);
        }
        List<Integer> ideal = judged.values().stream().filter(grade -> grade > 0).sorted(Comparator.reverseOrder())
                .toList();
        if (ideal.isEmpty()) return new Quality(0, 0);
        double most = 0;
        for (int rank = 0; rank < Math.min(RANKS, ideal.size()); rank++) most += ideal.get(rank) / discount(rank);
        return new Quality(gain / most, found / (double) ideal.size());
    }

    private static double discount(int rank) {
        return Math.log(rank + 2) / Math.log(2);
    }
}
