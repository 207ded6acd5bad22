package graft.engine;

import java.util.List;

/**
 * A snapshot of an engine.
 *
 * @param engine      {@code torch}, {@code tensorrt} or {@code remote}
 * @param precision   {@code float32}, {@code bf16}, ...
 * @param device      {@code cpu}, {@code cuda:0}
 * @param running     sequences in the batch
 * @param waiting     sequences accepted and not yet in a batch
 * @param blocks      KV blocks of the pool
 * @param adapters    resident adapters
 * @param totals      counters since the engine started
 * @param healthy     false once a broken invariant or a native failure stopped it
 */
public record EngineStatus(String engine, String precision, String device, int running, int waiting, Blocks blocks,
        List<ResidentAdapter> adapters, Totals totals, boolean healthy) {
    public EngineStatus {
        adapters = List.copyOf(adapters);
    }

    /** @param cached free to be taken, but holding a prefix that can still be found */
    public record Blocks(int total, int free, int cached, int tokensPerBlock) {}

    /** @param bytes of tensors in that tier */
    public record ResidentAdapter(String name, int version, String digest, Tier tier, long bytes, int running) {}

    public enum Tier { DEVICE, HOST }

    /** Monotonic counters; microseconds of wall clock, tokens computed (not cached), steps run. */
    public record Totals(long steps, long promptTokens, long cachedPromptTokens, long generatedTokens,
            long preemptions, long busyMicros, long idleMicros, long adapterLoads) {}
}
