package graft.weights;

/** An adapter that can't be used; the message names the file, the tensor or field, and the reason, for its uploader. */
public final class InvalidAdapterException extends RuntimeException {
    public InvalidAdapterException(String message) {
        super(message);
    }

    public InvalidAdapterException(String message, Throwable cause) {
        super(message, cause);
    }
}
