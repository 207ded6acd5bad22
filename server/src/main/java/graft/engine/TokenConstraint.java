package graft.engine;

import java.util.Optional;

/**
 * A grammar walked token by token: says which tokens may come next and is told which came.
 *
 * <p>Used by one sequence, on the engine's thread only; it may not block.
 */
public interface TokenConstraint {
    /** Sets to negative infinity every logit whose token may not come next. At least one stays finite. */
    void mask(float[] logits);

    /** The token that was chosen; always one that {@link #mask} had left. */
    void accept(int token);

    /** The same as a text, where it has one, for an engine whose tokens are chosen out of Java's reach. */
    default Optional<Guide> guide() {
        return Optional.empty();
    }
}
