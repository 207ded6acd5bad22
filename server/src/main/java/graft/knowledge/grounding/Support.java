package graft.knowledge.grounding;

import graft.knowledge.Passage;
import graft.knowledge.TextEmbedder;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How far passages carry a question, from 0 to 1: the share of its words that the best of them has, or its nearness in
 * meaning, whichever is more. An identifier (letters with digits, as in E57) that none of them has makes it 0: what
 * they say is then of something else. Any thread; waits for the embedder.
 */
final class Support {
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+(?:-\\p{N}[\\p{L}\\p{N}]*)*");
    private static final Set<String> COMMON = Set.of("a", "an", "the", "is", "are", "was", "were", "be", "do", "does",
            "did", "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "many", "much", "long",
            "often", "of", "in", "on", "at", "to", "for", "from", "by", "with", "and", "or", "it", "its", "this",
            "that", "there", "can", "could", "must", "should", "will", "would", "has", "have", "had", "you", "your",
            "i", "we", "me", "my", "our", "please", "tell", "about", "mean", "der", "die", "das", "ein", "eine",
            "ist", "sind", "wie", "wer", "wo", "wann", "und", "oder", "von", "im", "am");
    /** Of a word that are compared: a crude stem, for languages that bend their ends. */
    private static final int STEM = 5;
    /** Passages whose meaning is looked at. */
    private static final int EMBEDDED = 8;
    private final TextEmbedder embedder;

    Support(TextEmbedder embedder) {
        this.embedder = embedder;
    }

    double of(String question, List<Passage> passages) {
        if (passages.isEmpty()) return 0;
        List<Set<String>> stems = passages.stream().map(passage -> stems(passage.filename() + " " + passage.text()))
                .toList();
        Set<String> asked = stems(question);
        asked.removeAll(COMMON);
        if (asked.stream().filter(Support::isIdentifier).anyMatch(one -> stems.stream().noneMatch(
                stem -> stem.contains(one)))) return 0;
        if (asked.isEmpty()) return 1; // nothing that could be missing
        List<Double> shares = stems.stream().map(stem -> share(asked, stem)).toList();
        double words = shares.stream().mapToDouble(Double::doubleValue).max().orElse(0);
        List<String> best = IntStream.range(0, passages.size()).boxed()
                .sorted((one, other) -> Double.compare(shares.get(other), shares.get(one))).limit(EMBEDDED)
                .map(i -> passages.get(i).text()).toList();
        return Math.max(words, nearness(question, best));
    }

    private static double share(Set<String> asked, Set<String> had) {
        return asked.stream().filter(had::contains).count() / (double) asked.size();
    }

    private double nearness(String question, List<String> texts) {
        float[] asked = embedder.embedQuestions(List.of(question)).vectors().getFirst();
        double best = 0;
        for (float[] vector : embedder.embed(texts).vectors()) {
            double cosine = 0;
            for (int i = 0; i < vector.length; i++) cosine += (double) vector[i] * asked[i];
            best = Math.max(best, cosine);
        }
        return best;
    }

    private static boolean isIdentifier(String stem) {
        return stem.chars().anyMatch(Character::isDigit) && stem.chars().anyMatch(Character::isLetter);
    }

    /** Words as they are compared; identifiers are whole. */
    private static Set<String> stems(String text) {
        return WORD.matcher(text.toLowerCase(Locale.ROOT)).results().map(word -> word.group())
                .map(word -> word.length() <= STEM || COMMON.contains(word) || isIdentifier(word) ? word
                        : word.substring(0, STEM)).collect(Collectors.toCollection(HashSet::new));
    }
}
