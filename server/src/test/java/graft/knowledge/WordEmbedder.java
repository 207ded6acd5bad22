package graft.knowledge;

import graft.engine.Embedder;
import graft.tokens.Detokenizer;
import graft.tokens.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A complete small embedder for tests above the port: a text's vector counts its words, each at the place its hash
 * says. Texts with the same words are near each other, and nothing has to be loaded.
 */
public final class WordEmbedder implements Embedder {
    private static final int SPECIAL = 0;
    private static final Pattern WORDS = Pattern.compile("[\\p{L}\\p{N}]+|[^\\s\\p{L}\\p{N}]");

    /** With this embedder and its words as tokens. */
    public static TextEmbedder text() {
        return new TextEmbedder(new WordEmbedder(), new Words());
    }

    @Override
    public String id() {
        return "words";
    }

    @Override
    public int dimensions() {
        return 384;
    }

    @Override
    public int window() {
        return 64;
    }

    @Override
    public List<float[]> embed(List<int[]> texts) {
        return texts.stream().map(this::embed).toList();
    }

    private float[] embed(int[] ids) {
        if (ids.length > window()) throw new IllegalArgumentException(ids.length + " tokens");
        float[] vector = new float[dimensions()];
        for (int id : ids) vector[Math.floorMod(id * 0x9E3779B9, dimensions())]++;
        double square = 0;
        for (float component : vector) square += component * component;
        for (int i = 0; i < vector.length; i++) vector[i] /= (float) Math.sqrt(square);
        return vector;
    }

    @Override
    public void close() {}

    /** A token is a word or a mark; its id is its hash. */
    public static final class Words implements Tokenizer {
        @Override
        public int[] encode(String text, boolean addSpecialTokens) {
            IntStream words = WORDS.matcher(text.toLowerCase(Locale.ROOT)).results()
                    .mapToInt(word -> word.group().hashCode());
            if (!addSpecialTokens) return words.toArray();
            return IntStream.concat(IntStream.concat(IntStream.of(SPECIAL), words), IntStream.of(SPECIAL)).toArray();
        }

        @Override
        public String decode(int[] ids) {
            throw new UnsupportedOperationException("words are hashed");
        }

        @Override
        public byte[] bytes(int id) {
            return Integer.toString(id).getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public int vocabularySize() {
            return Integer.MAX_VALUE;
        }

        @Override
        public Detokenizer newDetokenizer() {
            throw new UnsupportedOperationException("words are hashed");
        }

        @Override
        public void close() {}
    }
}
