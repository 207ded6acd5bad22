package graft.api;

import graft.engine.EngineStatus;
import graft.engine.InferenceEngine;
import graft.metering.RunningStreams;
import graft.registry.tenant.Scope;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/**
 * What happens now, as server-sent events: one whole reading each, so that a watcher who missed some is as well off. A
 * stream ends by itself after a while, and its watcher comes back: an ended session is then noticed. The admin scope
 * sees the engines and all tenants' requests, others their own requests.
 */
final class LiveResource implements Resource {
    private final List<InferenceEngine> engines;
    private final LiveApi live;
    private final Semaphore watchers;
    private final BooleanSupplier draining;

    /** @param draining ends the streams, because a drain waits for every running request */
    LiveResource(List<InferenceEngine> engines, LiveApi live, Semaphore watchers, BooleanSupplier draining) {
        this.engines = engines;
        this.live = live;
        this.watchers = watchers;
        this.draining = draining;
    }

    @Override
    public List<Route> routes() {
        return List.of(Route.get("/admin/v1/live", Scope.INFERENCE, this::watch));
    }

    /** @param at milliseconds since 1970; @param engine of the admin scope only */
    record Reading(long at, EngineReading engine, Long firstTokenP95Micros, int runningTotal, List<Running> running) {}

    /** @param generatedTokens counters since the engines started: the watcher makes rates of them */
    record EngineReading(EngineResource.EngineBody state, long generatedTokens, long promptTokens,
            long cachedPromptTokens, long busyMicros, long idleMicros) {}

    record Running(String requestId, String tenantId, String operation, String model, int promptTokens,
            int generatedTokens, long ageMillis) {}

    private void watch(Exchange exchange) throws InterruptedException {
        if (!watchers.tryAcquire()) throw ApiException.serverBusy(live.interval());
        long end = System.nanoTime() + live.life().toNanos();
        try (EventStream events = exchange.events()) {
            while (!draining.getAsBoolean() && System.nanoTime() < end) {
                events.send(reading(exchange));
                Thread.sleep(live.interval());
            }
            events.done();
        } finally {
            watchers.release();
        }
    }

    private Reading reading(Exchange exchange) {
        boolean admin = exchange.caller().isAdmin();
        Optional<String> whose = admin ? Optional.empty() : Optional.of(exchange.caller().tenantId());
        long now = System.currentTimeMillis();
        OptionalLong p95 = admin ? live.streams().firstTokenMicros(0.95) : OptionalLong.empty();
        return new Reading(now, admin ? engine() : null, p95.isPresent() ? Long.valueOf(p95.getAsLong()) : null,
                live.streams().count(whose), live.streams().oldestFirst(whose, live.mostListed()).stream()
                        .map(one -> running(one, now)).toList());
    }

    private EngineReading engine() {
        long generated = 0;
        long prompt = 0;
        long cached = 0;
        long busy = 0;
        long idle = 0;
        for (InferenceEngine engine : engines) {
            EngineStatus.Totals totals = engine.status().totals();
            generated += totals.generatedTokens();
            prompt += totals.promptTokens();
            cached += totals.cachedPromptTokens();
            busy += totals.busyMicros();
            idle += totals.idleMicros();
        }
        return new EngineReading(EngineResource.state(engines), generated, prompt, cached, busy, idle);
    }

    private static Running running(RunningStreams.Stream one, long now) {
        String model = one.adapter().map(name -> name + "@" + one.adapterVersion()).orElse(one.baseId());
        return new Running(one.requestId(), one.tenantId(), one.operation(), model, one.promptTokens(),
                one.generatedTokens(), Math.max(0, now - one.startedAt().toEpochMilli()));
    }
}
