package graft.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.weights.SentencePieceVocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Vocabularies of GGUF's {@code llama} kind against SentencePiece's own rule, written down here a second time. */
class SentencePieceTest {
    private static final int ROUNDS = 400;

    @Test
    void textsSplitAsSentencePieceSplitsThem() {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        SentencePieceVocabulary vocabulary = SentencePieceVocabulary.random(random);
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.of(vocabulary.tokenizerJson())) {
            for (int round = 0; round < ROUNDS; round++) {
                String text = vocabulary.text(random);
                int[] ids = tokenizer.encode(text, false);
                assertArrayEquals(greedy(vocabulary, "▁" + text.replace(' ', '▁')), ids, text);
                assertEquals(text, tokenizer.decode(ids));
                assertEquals(tokenizer.decodeByLibrary(ids), tokenizer.decode(ids));
            }
            assertEquals(1, tokenizer.encode("a", true)[0], "BOS is added where the file does not say otherwise");
        }
    }

    @Test
    void aBrokenTokeniserIsReadOrRefused() {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        String whole = SentencePieceVocabulary.random(random).tokenizerJson();
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            StringBuilder broken = new StringBuilder(whole);
            for (int i = 0; i <= random.nextInt(3); i++) {
                broken.setCharAt(random.nextInt(broken.length()), (char) (32 + random.nextInt(96)));
            }
            if (random.nextBoolean()) broken.setLength(random.nextInt(broken.length()));
            try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.of(broken.toString())) {
                tokenizer.decode(tokenizer.encode("abc de", true));
            } catch (InvalidTokenizerException meant) {
                refused++;
            }
        }
        assertTrue(refused > ROUNDS / 10, "only " + refused + " of " + ROUNDS + " were refused: nothing was broken");
    }

    /** The library would abort the process when it first met a text. */
    @Test
    void aTemplateWithASpecialTokenThatIsNotDefinedIsRefusedByName() {
        String whole = SentencePieceVocabulary.random(new Random(1)).tokenizerJson();
        HuggingFaceTokenizer.of(whole).close();
        String broken = whole.replaceFirst("(\"special_tokens\":\\{\")<s>", "$1<x>");
        assertNotEquals(whole, broken);
        String message = assertThrows(InvalidTokenizerException.class, () -> HuggingFaceTokenizer.of(broken))
                .getMessage();
        assertTrue(message.contains("special token <s>"), message);
    }

    /** Joins, again and again, the leftmost neighbours whose union has the best score; bytes for what is left over. */
    private static int[] greedy(SentencePieceVocabulary vocabulary, String text) {
        if (text.equals("▁")) return new int[0];
        List<String> parts = new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
        while (true) {
            int best = -1;
            double score = Double.NEGATIVE_INFINITY;
            for (int i = 0; i + 1 < parts.size(); i++) {
                double union = vocabulary.score(parts.get(i) + parts.get(i + 1));
                if (union > score) {
                    score = union;
                    best = i;
                }
            }
            if (best < 0) break;
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
        return parts.stream().flatMapToInt(part -> ids(vocabulary, part)).toArray();
    }

    private static IntStream ids(SentencePieceVocabulary vocabulary, String part) {
        if (vocabulary.id(part) >= 0) return IntStream.of(vocabulary.id(part));
        byte[] bytes = part.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        return IntStream.range(0, bytes.length).map(i -> vocabulary.id(String.format("<0x%02X>", bytes[i] & 0xff)));
    }
}
