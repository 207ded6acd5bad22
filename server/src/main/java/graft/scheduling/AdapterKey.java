package graft.scheduling;

import java.util.Objects;

/**
 * An adapter as the scheduler knows it: what makes its KV differ from another's.
 *
 * @param digest {@code sha256:...} of its content
 * @param scale  factor on its effect
 */
public record AdapterKey(String digest, double scale) {
    public AdapterKey {
        Objects.requireNonNull(digest);
        if (!Double.isFinite(scale)) throw new IllegalArgumentException("scale " + scale);
    }
}
