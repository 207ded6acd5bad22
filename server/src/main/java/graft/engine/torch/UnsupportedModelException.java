package graft.engine.torch;

/** A model that this engine can't compute; the message is one sentence that names what is missing. */
public final class UnsupportedModelException extends RuntimeException {
    public UnsupportedModelException(String message) {
        super(message);
    }
}
