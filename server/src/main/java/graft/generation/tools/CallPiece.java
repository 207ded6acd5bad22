package graft.generation.tools;

import java.util.Objects;
import java.util.Optional;

/**
 * A piece of a call: its beginning, which names the function, or some of its arguments.
 *
 * @param index     which of the answer's calls, from 0
 * @param begins    of the piece that comes first
 * @param arguments JSON text; empty at the beginning
 */
public record CallPiece(int index, Optional<Begin> begins, String arguments) {
    public CallPiece {
        Objects.requireNonNull(begins);
        Objects.requireNonNull(arguments);
    }

    /** @param id by which the result is returned */
    public record Begin(String id, String name) {}
}
