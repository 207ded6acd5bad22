package graft.engine.torch;

import graft.engine.EngineStatus.Totals;
import graft.scheduling.Batch;
import graft.scheduling.Chosen;
import graft.scheduling.Slice;
import java.util.List;

/** The engine's monotonic counters. Busy and idle time together are the wall clock since the start. */
final class Counters {
    private long markMicros = EngineLoop.nowMicros();
    private long steps;
    private long promptTokens;
    private long cachedPromptTokens;
    private long generatedTokens;
    private long draftedTokens;
    private long acceptedTokens;
    private long busyMicros;
    private long idleMicros;

    /** @return microseconds since the last mark, now counted as busy */
    long busyUntil(long nowMicros) {
        long elapsed = nowMicros - markMicros;
        markMicros = nowMicros;
        busyMicros += elapsed;
        return elapsed;
    }

    void idleUntil(long nowMicros) {
        idleMicros += nowMicros - markMicros;
        markMicros = nowMicros;
    }

    void step(Batch batch, List<Chosen> chosen) {
        if (batch.isEmpty()) return;
        steps++;
        for (Chosen one : chosen) {
            generatedTokens += one.tokens().size();
            acceptedTokens += one.accepted();
        }
        for (Slice slice : batch.slices()) {
            draftedTokens += slice.draft().size();
            promptTokens += Math.max(0, Math.min(slice.end(), slice.sequence().promptLength()) - slice.start());
        }
    }

    void cached(int tokens) {
        cachedPromptTokens += tokens;
    }

    /** When busy or idle time was last counted. */
    long markMicros() {
        return markMicros;
    }

    Totals totals(long preemptions, long adapterLoads) {
        return new Totals(steps, promptTokens, cachedPromptTokens, generatedTokens, preemptions, busyMicros, idleMicros,
                adapterLoads, draftedTokens, acceptedTokens);
    }
}
