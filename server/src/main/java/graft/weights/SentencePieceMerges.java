package graft.weights;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The merge list that makes a BPE of Hugging Face's tokenizers split as SentencePiece does: SentencePiece keeps no
 * merges but joins, at each step, the neighbours whose union has the best score.
 */
final class SentencePieceMerges {
    private record Merge(String left, String right, double score, int leftId, int rightId) {}

    private SentencePieceMerges() {}

    /** Every way to split a piece into two pieces, best pieces first; the order transformers' own converter uses. */
    static List<String[]> of(List<String> tokens, double[] scores) {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < tokens.size(); id++) ids.put(tokens.get(id), id);
        List<Merge> merges = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            String piece = tokens.get(id);
            List<Merge> splits = new ArrayList<>();
            for (int at = piece.offsetByCodePoints(0, piece.isEmpty() ? 0
                    : 1); at < piece.length(); at = piece.offsetByCodePoints(at, 1)) {
                Integer left = ids.get(piece.substring(0, at));
                Integer right = ids.get(piece.substring(at));
                if (left != null && right != null) {
                    splits.add(new Merge(piece.substring(0, at), piece.substring(at), scores[id], left, right));
                }
            }
            splits.sort(Comparator.comparingInt(Merge::leftId).thenComparingInt(Merge::rightId));
            merges.addAll(splits);
        }
        // Python's sorted(reverse=True) keeps equal elements in their order, as does List.sort with reversed keys.
        merges.sort(Comparator.comparingDouble(Merge::score).thenComparingInt(merge -> length(merge.left()))
                .thenComparingInt(merge -> length(merge.right())).reversed());
        return merges.stream().map(merge -> new String[] {merge.left(), merge.right()}).toList();
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
