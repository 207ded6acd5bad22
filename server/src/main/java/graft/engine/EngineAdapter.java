package graft.engine;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A LoRA adapter as the engine meets it: named by the digest of its content, so that a swapped alias can never reach
 * stale weights or stale KV.
 *
 * @param owner   the tenant whose it is, empty if it is nobody's; for status only
 * @param name    what callers call it; for status only
 * @param version its number; for status only
 * @param digest  {@code sha256:...} of its content: the identity
 * @param scale   factor on the adapter's whole effect, 1 unless a composition says otherwise
 * @param files   where its files are
 */
public record EngineAdapter(String owner, String name, int version, String digest, double scale, Files files) {
    public EngineAdapter {
        Objects.requireNonNull(owner);
        Objects.requireNonNull(name);
        Objects.requireNonNull(digest);
        Objects.requireNonNull(files);
        if (!Double.isFinite(scale)) throw new IllegalArgumentException("scale " + scale);
    }

    /** Of nobody. */
    public EngineAdapter(String name, int version, String digest, double scale, Files files) {
        this("", name, version, digest, scale, files);
    }

    /** Brings an adapter's verified files onto local disk: adapter_config.json and adapter_model*.safetensors. */
    @FunctionalInterface
    public interface Files {
        /**
         * Called on a loader's thread, never on the engine's; may wait for the database.
         *
         * @return a folder named by content, complete when this returns
         * @throws java.io.UncheckedIOException when they can't be had
         */
        Path folder();
    }
}
