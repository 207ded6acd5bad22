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
 * @param memory      what base weights and KV take of the device
 * @param adapters    resident adapters
 * @param mostAdapters how many adapters the device would hold at once, see {@link #fitting}
 * @param totals      counters since the engine started
 * @param healthy     false once a broken invariant or a native failure stopped it
 */
public record EngineStatus(String engine, String precision, String device, int running, int waiting, Blocks blocks,
        Memory memory, List<ResidentAdapter> adapters, int mostAdapters, Totals totals, boolean healthy) {
    public EngineStatus {
        adapters = List.copyOf(adapters);
    }

    /**
     * How many adapters fit in memory: those that are on the device, and in what they leave as many more as are like
     * the known ones on average. Adapters differ in size, so this is a forecast and not a bound.
     *
     * @param bytes   the device's memory for adapters
     * @param unknown what to say before any adapter was seen
     */
    public static int fitting(List<ResidentAdapter> residents, long bytes, int unknown) {
        long known = residents.stream().mapToLong(ResidentAdapter::bytes).sum();
        if (known == 0) return unknown;
        List<ResidentAdapter> there = residents.stream().filter(one -> one.tier() == Tier.DEVICE).toList();
        long left = Math.max(0, bytes - there.stream().mapToLong(ResidentAdapter::bytes).sum());
        return Math.toIntExact(Math.min(Integer.MAX_VALUE, there.size() + left * residents.size() / known));
    }

    /** @param cached free to be taken, but holding a prefix that can still be found */
    public record Blocks(int total, int free, int cached, int tokensPerBlock) {}

    /**
     * Bytes on the device; 0 for what an engine does not tell.
     *
     * @param weightBytes  of the base model
     * @param kvBlockBytes of one KV block
     */
    public record Memory(long weightBytes, long kvBlockBytes) {
        public static final Memory UNKNOWN = new Memory(0, 0);
    }

    /**
     * @param owner the tenant whose it is, empty if it is nobody's
     * @param bytes of tensors in that tier
     */
    public record ResidentAdapter(String owner, String name, int version, String digest, Tier tier, long bytes,
            int running) {
        public static ResidentAdapter of(EngineAdapter adapter, Tier tier, long bytes, int running) {
            return new ResidentAdapter(adapter.owner(), adapter.name(), adapter.version(), adapter.digest(), tier,
                    bytes, running);
        }
    }

    public enum Tier { DEVICE, HOST }

    /**
     * Monotonic counters; microseconds of wall clock, tokens computed (not cached), steps run.
     *
     * @param draftedTokens  computed ahead of what was certain (speculative decoding)
     * @param acceptedTokens those of them that became part of an answer; counted as generated too
     */
    public record Totals(long steps, long promptTokens, long cachedPromptTokens, long generatedTokens,
            long preemptions, long busyMicros, long idleMicros, long adapterLoads, long draftedTokens,
            long acceptedTokens) {

        /** Of an engine that drafts nothing, or does not tell. */
        public Totals(long steps, long promptTokens, long cachedPromptTokens, long generatedTokens, long preemptions,
                long busyMicros, long idleMicros, long adapterLoads) {
            this(steps, promptTokens, cachedPromptTokens, generatedTokens, preemptions, busyMicros, idleMicros,
                    adapterLoads, 0, 0);
        }

        /** The same with more time passed. */
        public Totals later(long moreBusyMicros, long moreIdleMicros) {
            return new Totals(steps, promptTokens, cachedPromptTokens, generatedTokens, preemptions,
                    busyMicros + moreBusyMicros, idleMicros + moreIdleMicros, adapterLoads, draftedTokens, acceptedTokens);
        }
    }
}
