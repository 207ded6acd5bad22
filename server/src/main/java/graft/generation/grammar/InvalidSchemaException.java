package graft.generation.grammar;

/** A schema that is wrong, unsatisfiable, too large, or says something that can't be enforced; the message names it. */
public final class InvalidSchemaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    InvalidSchemaException(String message) {
        super(message, null, false, false);
    }

    static InvalidSchemaException unsupported(String keyword, String at) {
        return new InvalidSchemaException("The keyword '" + keyword + "' at " + at + " is not supported.");
    }
}
