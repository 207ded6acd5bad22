package graft.generation.tools;

/** Tools that can't be used; the message says why. */
public final class InvalidToolsException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String param;

    InvalidToolsException(String param, String message) {
        super(message, null, false, false);
        this.param = param;
    }

    /** The request's field that is wrong. */
    public String param() {
        return param;
    }
}
