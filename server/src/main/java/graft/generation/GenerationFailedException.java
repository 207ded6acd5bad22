package graft.generation;

/** The engine gave up on a sequence that nobody cancelled. What was generated is settled. */
public final class GenerationFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public GenerationFailedException(String message) {
        super(message);
    }
}
