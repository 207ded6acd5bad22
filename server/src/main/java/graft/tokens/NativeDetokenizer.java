package graft.tokens;

import java.util.Arrays;

/**
 * Decodes all ids again with each token and lets out what is new. For vocabularies whose decoder only the native
 * library knows (WordPiece); its cost grows with the square of the length, so generation uses {@link ByteDetokenizer}.
 * Not thread-safe.
 */
final class NativeDetokenizer implements Detokenizer {
    private static final char REPLACEMENT = '\ufffd';
    private final Tokenizer tokenizer;
    private int[] ids = {};
    private String emitted = "";

    NativeDetokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    @Override
    public String push(int id) {
        ids = Arrays.copyOf(ids, ids.length + 1);
        ids[ids.length - 1] = id;
        String text = tokenizer.decode(ids);
        boolean halfCharacter = !text.isEmpty() && text.charAt(text.length() - 1) == REPLACEMENT;
        return halfCharacter || !text.startsWith(emitted) ? "" : emit(text);
    }

    @Override
    public String flush() {
        String text = tokenizer.decode(ids);
        return text.startsWith(emitted) ? emit(text) : "";
    }

    private String emit(String text) {
        String delta = text.substring(emitted.length());
        emitted = text;
        return delta;
    }
}
