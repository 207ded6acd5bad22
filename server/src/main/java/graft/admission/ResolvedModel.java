package graft.admission;

import java.util.Objects;
import java.util.Optional;

/**
 * What a model name of a request stands for, at the moment it was asked: aliases and splits are decided, and the answer
 * keeps to this even if they move meanwhile.
 *
 * @param name    as the response says it: the base's id, or {@code adapter@3} ({@code tenant/adapter@3} for a shared
 *                namesake)
 * @param baseId  which engine
 * @param adapter none for the base model itself
 * @param shadow  a candidate to answer besides, for comparison
 */
public record ResolvedModel(String name, String baseId, Optional<Adapter> adapter, Optional<Shadow> shadow) {
    public ResolvedModel {
        Objects.requireNonNull(shadow);
        Objects.requireNonNull(name);
        Objects.requireNonNull(baseId);
        Objects.requireNonNull(adapter);
    }

    public ResolvedModel(String name, String baseId, Optional<Adapter> adapter) {
        this(name, baseId, adapter, Optional.empty());
    }

    /**
     * @param alias    that it shadows
     * @param fraction of the alias's requests
     */
    public record Shadow(Adapter candidate, String alias, double fraction) {}

    /**
     * @param ownerTenantId whose it is; a shared one belongs to somebody else than the caller
     * @param digest        content digest: the identity towards the engine
     * @param promptFormat  {@code documents-v1}, {@code raft-v1}; empty means the default
     * @param addInstruction false if the manifest says {@code "instruction": "none"}
     */
    public record Adapter(String name, String ownerTenantId, int version, String digest, Optional<String> promptFormat,
            boolean addInstruction) {}
}
