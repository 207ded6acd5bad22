package graft.engine.tensorrt;

/** An engine or adapter that can't be served by TensorRT-LLM; the message says which part of it and why. */
public final class UnsupportedEngineException extends RuntimeException {
    public UnsupportedEngineException(String message) {
        super(message);
    }

    public UnsupportedEngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
