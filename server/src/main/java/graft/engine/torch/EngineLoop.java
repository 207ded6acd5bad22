package graft.engine.torch;

import graft.engine.EngineStatus.Blocks;
import graft.engine.EngineStatus.ResidentAdapter;
import graft.engine.EngineStatus.Totals;
import graft.engine.EngineTime;
import graft.engine.Finished;
import graft.engine.GeneratedToken;
import graft.scheduling.Applied;
import graft.scheduling.Batch;
import graft.scheduling.Chosen;
import graft.scheduling.Limits;
import graft.scheduling.Scheduler;
import graft.scheduling.Slice;
import graft.scheduling.StepResult;
import graft.scheduling.drafting.Speculation;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The engine's one thread: drain the inbox, plan, one native step, sample, apply, publish. It owns all mutable state;
 * others only put messages into the inbox, whose length is bounded by the sequences alive and the adapters loading.
 *
 * <p>A failure of a step ends the sequences alive as FAILED and starts the scheduler afresh; failures in succession
 * stop the engine for good, loudly.
 */
final class EngineLoop implements Runnable {
    private static final System.Logger LOG = System.getLogger(EngineLoop.class.getName());
    private static final int FAILURES_THAT_STOP = 3;

    /** What other threads ask of the loop. */
    sealed interface Message {
        record Submit(ActiveSequence sequence) implements Message {}

        record Cancel(long sequenceId) implements Message {}

        record Allow(long sequenceId, int tokens) implements Message {}

        /** Look at the set of adapters to evict. */
        record Evict() implements Message {}

        record Arrived(AdapterBank.Arrival arrival) implements Message {}

        /** Whose the time was. */
        record Time(CompletableFuture<EngineTime> told) implements Message {}

        record Stop() implements Message {}
    }

    /** What others may see between two steps. */
    record Snapshot(int running, int waiting, Blocks blocks, List<ResidentAdapter> adapters, Totals totals, boolean idle,
            long atMicros, boolean healthy) {}

    /** Told of every sequence's end, once, on the loop's thread. */
    @FunctionalInterface
    interface Ends {
        void ended(ActiveSequence sequence);
    }

    private final LinkedBlockingQueue<Message> inbox;
    private final DecodeStep step;
    private final AdapterBank bank;
    private final Limits limits;
    private final Speculation speculation;
    private final StepCost cost;
    private final Ends ends;
    private final Set<String> evictions;
    private final Map<Long, ActiveSequence> alive = new HashMap<>();
    private final Map<Long, ActiveSequence> withoutAdapters = new LinkedHashMap<>();
    private final Counters counters = new Counters();
    private final Map<String, Long> tenantMicros = new HashMap<>();
    private Scheduler scheduler;
    private Applied.Counts counts;
    private int failuresInSuccession;
    private boolean stopping;
    private boolean broken;
    private volatile Snapshot snapshot;

    /** @param evictions digests to forget once unused; others add, the loop removes */
    EngineLoop(LinkedBlockingQueue<Message> inbox, DecodeStep step, AdapterBank bank, Limits limits,
            Speculation speculation, StepCost cost, Set<String> evictions, Ends ends) {
        this.inbox = inbox;
        this.step = step;
        this.bank = bank;
        this.limits = limits;
        this.speculation = speculation;
        this.cost = cost;
        this.evictions = evictions;
        this.ends = ends;
        this.scheduler = new Scheduler(limits, speculation);
        this.counts = scheduler.counts();
        publishSnapshot(true);
    }

    static long nowMicros() {
        return System.nanoTime() / 1000;
    }

    Snapshot snapshot() {
        return snapshot;
    }

    @Override
    public void run() {
        try {
            while (!stopping) {
                takeIn();
                if (stopping) return;
                if (scheduler.hasWork()) guardedStep();
                else rest();
            }
        } catch (RuntimeException | Error failure) {
            LOG.log(Level.ERROR, "engine stopped", failure);
            broken = true;
            failAll("the engine stopped: " + failure);
        } finally {
            stopping = true;
            endAll(Finished.Reason.CANCELLED);
            publishSnapshot(true);
        }
    }

    private void takeIn() {
        for (Message message = inbox.poll(); message != null && !stopping; message = inbox.poll()) handle(message);
        admitThoseWithAdapters();
        evictions.removeIf(bank::evict);
    }

    private void rest() {
        try {
            counters.idleUntil(nowMicros());
            publishSnapshot(true);
            Message message = inbox.take();
            counters.idleUntil(nowMicros());
            handle(message);
        } catch (InterruptedException stop) {
            stopping = true;
        }
    }

    private void handle(Message message) {
        switch (message) {
            case Message.Submit submit -> {
                alive.put(submit.sequence().id(), submit.sequence());
                if (submit.sequence().sequence.adapters().isEmpty()) schedule(submit.sequence());
                else withoutAdapters.put(submit.sequence().id(), submit.sequence());
            }
            case Message.Cancel cancel -> {
                ActiveSequence waiting = withoutAdapters.remove(cancel.sequenceId());
                if (waiting != null) end(waiting, Finished.Reason.CANCELLED);
                else scheduler.cancel(cancel.sequenceId());
            }
            case Message.Allow(long id, int tokens) -> {
                ActiveSequence sequence = alive.get(id);
                if (sequence != null && !scheduler.allow(id, tokens))
                    sequence.allowance = Math.max(sequence.allowance, tokens);
            }
            case Message.Evict() -> { } // it only wakes the loop, which looks at the set in every round
            case Message.Arrived arrived -> bank.arrived(arrived.arrival(), withoutAdapters.values());
            case Message.Time(CompletableFuture<EngineTime> told) -> told.complete(time());
            case Message.Stop() -> stopping = true;
        }
    }

    private void schedule(ActiveSequence sequence) {
        if (!scheduler.add(sequence.sequence, sequence.allowance))
            throw new IllegalStateException("more sequences than were accepted");
    }

    /** In the order they came; once one lacks room on the device, later ones may not take what it waits for. */
    private void admitThoseWithAdapters() {
        bank.waitedFor(withoutAdapters.values());
        boolean first = true;
        boolean room = true;
        for (Iterator<ActiveSequence> line = withoutAdapters.values().iterator(); line.hasNext() && room;) {
            ActiveSequence sequence = line.next();
            switch (bank.hold(sequence.request.adapters(), first)) {
                case AdapterBank.Readiness.Held() -> {
                    line.remove();
                    sequence.holdsAdapters = true;
                    sequence.activate(bank::invocation);
                    schedule(sequence);
                }
                case AdapterBank.Readiness.Loading() -> first = false;
                case AdapterBank.Readiness.NoRoom() -> room = false;
                case AdapterBank.Readiness.Impossible(String reason) -> {
                    line.remove();
                    sequence.failed(reason);
                    end(sequence, Finished.Reason.FAILED);
                }
            }
        }
        bank.forgetFailures();
    }

    private void guardedStep() {
        try {
            runStep();
            failuresInSuccession = 0;
        } catch (RuntimeException | LinkageError | OutOfMemoryError failure) {
            LOG.log(Level.ERROR, "step failed sequences=" + alive.size(), failure);
            counters.idleUntil(nowMicros());
            withoutAdapters.clear();
            failAll("the engine failed at a step: " + failure.getMessage());
            scheduler = new Scheduler(limits, speculation);
            counts = scheduler.counts();
            if (++failuresInSuccession >= FAILURES_THAT_STOP) throw failure;
            step.scrubAll();
        }
    }

    private void runStep() {
        Batch batch = scheduler.plan();
        long start = nowMicros();
        for (Slice slice : batch.slices()) active(slice).startedAt(start);
        Map<ActiveSequence, List<GeneratedToken>> tokens = new LinkedHashMap<>();
        Set<Long> failed = new HashSet<>();
        if (!batch.isEmpty())
            sample(batch, step.run(batch, bank, slice -> active(slice).sampler.readsLogits()), tokens, failed);
        List<Chosen> chosen = new ArrayList<>();
        tokens.forEach((sequence, own) ->
                chosen.add(new Chosen(sequence.id(), own.stream().map(GeneratedToken::id).toList())));
        Applied applied = scheduler.apply(batch, new StepResult(chosen, failed));
        if (batch.isEmpty() && applied.ended().isEmpty()) throw new IllegalStateException("a step without work: " + counts);
        counts = applied.counts();
        account(batch, chosen);
        tokens.forEach((sequence, own) -> {
            if (!sequence.deliver(own)) scheduler.cancel(sequence.id());
        });
        for (Applied.Ended ended : applied.ended()) end(alive.get(ended.sequence().id()), reason(ended));
        publishSnapshot(false);
    }

    private void sample(Batch batch, StepOutput out, Map<ActiveSequence, List<GeneratedToken>> tokens,
            Set<Long> failed) {
        int row = 0;
        int choice = 0;
        for (Slice slice : batch.slices()) {
            ActiveSequence sequence = active(slice);
            int drafted = row + slice.certain();
            int finite = finiteRows(out, row, slice.length());
            if (finite < slice.certain()) {
                sequence.failed("the model's values are not finite");
                failed.add(sequence.id());
            } else if (slice.samples()) {
                try {
                    tokens.put(sequence, sequence.choose(slice, out.chances(), choice, i -> out.finite()[drafted + i]));
                } catch (RuntimeException broken) { // a grammar of the caller's
                    LOG.log(Level.WARNING, "sampling failed request=" + sequence.request.requestId(), broken);
                    sequence.failed("no token could be chosen: " + broken.getMessage());
                    failed.add(sequence.id());
                }
            }
            if (finite < slice.length()) step.scrub(slice, finite < slice.certain() ? 0 : finite);
            row += slice.length();
            choice += slice.choices();
        }
    }

    /** How many of a slice's rows are finite before the first that is not. */
    private static int finiteRows(StepOutput out, int row, int rows) {
        for (int i = 0; i < rows; i++) if (!out.finite()[row + i]) return i;
        return rows;
    }

    /** Splits the time since the last step over the batch, to the microsecond. */
    private void account(Batch batch, List<Chosen> chosen) {
        long micros = batch.isEmpty() ? 0 : counters.busyUntil(nowMicros());
        long[] shares = cost.split(batch, micros);
        for (int i = 0; i < shares.length; i++) {
            ActiveSequence sequence = active(batch.slices().get(i));
            sequence.attribute(shares[i]);
            tenantMicros.merge(sequence.request.tenant(), shares[i], Long::sum);
        }
        counters.step(batch, chosen);
    }

    /** Up to the last mark. */
    private EngineTime time() {
        Totals totals = counters.totals(0, 0);
        long attributed = tenantMicros.values().stream().mapToLong(Long::longValue).sum();
        return new EngineTime(tenantMicros, totals.idleMicros(), totals.busyMicros() - attributed);
    }

    private ActiveSequence active(Slice slice) {
        return alive.get(slice.sequence().id());
    }

    private static Finished.Reason reason(Applied.Ended ended) {
        return switch (ended.reason()) {
            case STOP_TOKEN -> Finished.Reason.STOP_TOKEN;
            case LENGTH -> Finished.Reason.LENGTH;
            case CANCELLED -> Finished.Reason.CANCELLED;
            case CANNOT_FIT, FAILED -> Finished.Reason.FAILED;
        };
    }

    private void end(ActiveSequence sequence, Finished.Reason reason) {
        if (reason == Finished.Reason.FAILED) sequence.failed("prompt and answer do not fit the KV memory");
        alive.remove(sequence.id());
        if (sequence.holdsAdapters) bank.release(sequence.request.adapters());
        counters.cached(sequence.sequence.cachedPromptTokens());
        ends.ended(sequence);
        sequence.finish(reason, nowMicros());
    }

    private void failAll(String reason) {
        alive.values().forEach(sequence -> sequence.failed(reason));
        endAll(Finished.Reason.FAILED);
    }

    private void endAll(Finished.Reason reason) {
        for (ActiveSequence sequence : List.copyOf(alive.values())) end(sequence, reason);
        // Whoever was accepted hears of an end, even if the loop never met it.
        if (!stopping) return;
        for (Message message = inbox.poll(); message != null; message = inbox.poll()) {
            if (message instanceof Message.Submit submit) end(submit.sequence(), reason);
            if (message instanceof Message.Time asked) asked.told().complete(time());
        }
    }

    private void publishSnapshot(boolean idle) {
        var blocks = new Blocks(limits.blocks(), counts.freeBlocks(), counts.cachedBlocks(), limits.tokensPerBlock());
        snapshot = new Snapshot(counts.running(), counts.waiting() + withoutAdapters.size(), blocks, bank.residents(),
                counters.totals(counts.preemptions(), bank.loaded()), idle, counters.markMicros(), !broken);
    }
}
