package graft.engine;

import graft.scheduling.Applied;
import graft.scheduling.Batch;
import graft.scheduling.Chosen;
import graft.scheduling.Slice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What {@link FakeEngine} has counted and whose its time was, to the microsecond. Callers hold the engine's lock. */
final class FakeAccounts {
    private final Map<String, Long> tenantMicros = new HashMap<>();
    private EngineStatus.Totals totals = new EngineStatus.Totals(0, 0, 0, 0, 0, 0, 0, 0);
    private long markMicros = System.nanoTime() / 1000;
    private boolean stepping;

    EngineStatus.Totals totals() {
        return totals;
    }

    EngineTime time() {
        if (!stepping) idleUntil(System.nanoTime() / 1000);
        return new EngineTime(tenantMicros, totals.idleMicros(),
                totals.busyMicros() - tenantMicros.values().stream().mapToLong(Long::longValue).sum());
    }

    private void idleUntil(long nowMicros) {
        totals = totals.later(0, nowMicros - markMicros);
        markMicros = nowMicros;
    }

    void stepBegins(long nowMicros) {
        idleUntil(nowMicros);
        stepping = true;
    }

    void stepEnds(Batch batch, Applied applied, List<Chosen> chosen) {
        long generated = chosen.stream().mapToLong(one -> one.tokens().size()).sum();
        long drafted = batch.slices().stream().mapToLong(slice -> slice.draft().size()).sum();
        long prompt = batch.slices().stream().mapToLong(slice -> Math.max(0,
                Math.min(slice.end(), slice.sequence().promptLength()) - slice.start())).sum();
        long micros = System.nanoTime() / 1000 - markMicros;
        markMicros += micros;
        stepping = false;
        attribute(batch, micros);
        totals = new EngineStatus.Totals(totals.steps() + 1, totals.promptTokens() + prompt,
                totals.cachedPromptTokens() + applied.ended().stream()
                        .mapToLong(end -> end.sequence().cachedPromptTokens()).sum(),
                totals.generatedTokens() + generated, applied.counts().preemptions(),
                totals.busyMicros() + micros, totals.idleMicros(), totals.adapterLoads(),
                totals.draftedTokens() + drafted, totals.acceptedTokens() + generated - chosen.size());
    }

    private void attribute(Batch batch, long micros) {
        long left = micros;
        for (Slice slice : batch.slices()) {
            long part = micros * slice.length() / batch.tokens();
            tenantMicros.merge(slice.sequence().tenant(), part, Long::sum);
            left -= part;
        }
        if (!batch.slices().isEmpty())
            tenantMicros.merge(batch.slices().getLast().sequence().tenant(), left, Long::sum);
    }

    void adapterLoaded() {
        totals = new EngineStatus.Totals(totals.steps(), totals.promptTokens(), totals.cachedPromptTokens(),
                totals.generatedTokens(), totals.preemptions(), totals.busyMicros(), totals.idleMicros(),
                totals.adapterLoads() + 1, totals.draftedTokens(), totals.acceptedTokens());
    }
}
