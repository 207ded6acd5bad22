package graft.engine;

/**
 * Receives one sequence's tokens in order, then its end exactly once.
 *
 * <p>Called on the engine's thread: implementations hand over and return; they never block or throw.
 */
public interface TokenSink {
    void token(GeneratedToken token);

    /** The last call; nothing follows it. */
    void finished(Finished finished);
}
