package graft.tokens;

/** Incremental decoding of one stream; not thread-safe. Never emits half a character. */
public interface Detokenizer {
    /** @return the text that became certain with this token; often empty inside a multi-byte character */
    String push(int id);

    /** What is left at the end; an unfinished character becomes U+FFFD. */
    String flush();
}
