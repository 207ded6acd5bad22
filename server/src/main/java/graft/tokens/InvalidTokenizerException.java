package graft.tokens;

/** A tokenizer.json that can't be used; the message says why. */
public final class InvalidTokenizerException extends RuntimeException {
    public InvalidTokenizerException(String message) {
        super(message);
    }

    public InvalidTokenizerException(String message, Throwable cause) {
        super(message, cause);
    }
}
