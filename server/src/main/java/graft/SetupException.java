package graft;

/**
 * The server can't start, and the person who started it can change that: the message is one sentence that says what is
 * missing or wrong and how to get it right. {@link Main} prints it and exits with 2.
 */
public final class SetupException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public SetupException(String sentence) {
        super(sentence);
    }

    public SetupException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
