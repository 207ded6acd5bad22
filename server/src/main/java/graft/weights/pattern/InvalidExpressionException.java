package graft.weights.pattern;

/** An expression that is malformed, not supported, or takes more steps than it may. The message names no field. */
public final class InvalidExpressionException extends RuntimeException {
    private static final long serialVersionUID = 1;

    InvalidExpressionException(String message) {
        super(message, null, false, false);
    }
}
