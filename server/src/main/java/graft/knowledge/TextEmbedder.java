package graft.knowledge;

import graft.engine.Embedder;
import graft.tokens.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Text to unit vectors: an embedder with its tokeniser. Safe from any thread. Owns neither: whoever made them closes
 * them.
 */
public final class TextEmbedder {
    private final Embedder embedder;
    private final Tokenizer tokenizer;
    private final Prefixes prefixes;
    private final int specialTokens;

    /** What a model wants before its texts, as {@code query: } and {@code passage: }; empty for nothing. */
    public record Prefixes(String question, String document) {
        public static final Prefixes NONE = new Prefixes("", "");
    }

    public TextEmbedder(Embedder embedder, Tokenizer tokenizer) {
        this(embedder, tokenizer, Prefixes.NONE);
    }

    public TextEmbedder(Embedder embedder, Tokenizer tokenizer, Prefixes prefixes) {
        this.embedder = embedder;
        this.tokenizer = tokenizer;
        this.prefixes = prefixes;
        this.specialTokens = tokenizer.encode("", true).length;
    }

    /** @param tokens how many were embedded, special ones included */
    public record Embedded(List<float[]> vectors, int tokens) {}

    /** The name callers use. */
    public String id() {
        return embedder.id();
    }

    /** Which vectors can be compared: the model and what stands before its texts. A store keeps it. */
    public String space() {
        return prefixes.equals(Prefixes.NONE) ? id() : id() + " [" + prefixes.question() + "|" + prefixes.document()
                + "]";
    }

    public int dimensions() {
        return embedder.dimensions();
    }

    /** Most tokens of text that one vector can stand for. */
    public int capacity() {
        return embedder.window() - specialTokens - count(prefixes.document());
    }

    /** Without special tokens. */
    public int count(String text) {
        return tokenizer.encode(text, false).length;
    }

    /**
     * One vector a text that is stored. Of a text over the window only the beginning is seen: cut it before
     * ({@link Chunker}).
     */
    public Embedded embed(List<String> texts) {
        return embed(texts, prefixes.document());
    }

    /** One vector a text that is asked. */
    public Embedded embedQuestions(List<String> questions) {
        return embed(questions, prefixes.question());
    }

    private Embedded embed(List<String> texts, String prefix) {
        List<int[]> ids = new ArrayList<>(texts.size());
        int tokens = 0;
        for (String text : texts) {
            int[] encoded = withinWindow(tokenizer.encode(prefix + text, true));
            tokens += encoded.length;
            ids.add(encoded);
        }
        return new Embedded(embedder.embed(ids), tokens);
    }

    /** Most tokens of one input of {@link #embedIds}, special ones included. */
    public int window() {
        return embedder.window();
    }

    public int vocabularySize() {
        return tokenizer.vocabularySize();
    }

    /** With the special tokens around it; may be longer than the window. */
    public int[] encode(String text) {
        return tokenizer.encode(text, true);
    }

    /** @param inputs token ids with special tokens, each of 1 to {@link #window} tokens */
    public List<float[]> embedIds(List<int[]> inputs) {
        return embedder.embed(inputs);
    }

    private int[] withinWindow(int[] encoded) {
        int window = embedder.window();
        if (encoded.length <= window) return encoded;
        int[] cut = Arrays.copyOf(encoded, window);
        cut[window - 1] = encoded[encoded.length - 1]; // the separator that every text ends with
        return cut;
    }
}
