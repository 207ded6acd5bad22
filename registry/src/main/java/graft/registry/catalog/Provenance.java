package graft.registry.catalog;

import java.util.Objects;
import java.util.Optional;

/**
 * Where a version comes from; never changed.
 *
 * @param parent   number of the version that it was trained on from
 * @param origin   over HTTP, or read from a folder of the server's own disk
 * @param signedBy {@code sha256:...} of the public key whose signature over the files was checked
 */
public record Provenance(Optional<Integer> parent, Origin origin, Optional<String> signedBy) {
    public static final Provenance UNKNOWN = new Provenance(Optional.empty(), Origin.UPLOAD, Optional.empty());

    public enum Origin { UPLOAD, FOLDER }

    public Provenance {
        Objects.requireNonNull(parent);
        Objects.requireNonNull(origin);
        Objects.requireNonNull(signedBy);
    }
}
