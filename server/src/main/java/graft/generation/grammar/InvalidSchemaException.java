package graft.generation.grammar;

/** A schema that is wrong, unsatisfiable, too large, or says something that can't be enforced; the message names it. */
public final class InvalidSchemaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final boolean unsupported;

    InvalidSchemaException(String message) {
        this(message, false);
    }

    private InvalidSchemaException(String message, boolean unsupported) {
        super(message, null, false, false);
        this.unsupported = unsupported;
    }

    static InvalidSchemaException unsupported(String message) {
        return new InvalidSchemaException(message, true);
    }

    /** Whether the schema is a good one that says more than can be held to. */
    boolean isUnsupported() {
        return unsupported;
    }
}
