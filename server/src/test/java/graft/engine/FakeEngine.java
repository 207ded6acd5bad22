package graft.engine;

import graft.engine.EngineStatus.ResidentAdapter;
import graft.engine.EngineStatus.Tier;
import graft.scheduling.AdapterKey;
import graft.scheduling.Applied;
import graft.scheduling.Batch;
import graft.scheduling.Chosen;
import graft.scheduling.Limits;
import graft.scheduling.Scheduler;
import graft.scheduling.Sequence;
import graft.scheduling.Slice;
import graft.scheduling.StepResult;
import graft.scheduling.drafting.Speculation;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A complete small engine for tests of what stands above it: the real scheduler, one thread of its own, a bounded
 * inbox, adapters that are fetched in the background, cancellation, logprobs; only the arithmetic is a
 * {@link ToyModel}. {@link #pause} holds it between two steps, so that a test can meet it midway without sleeping.
 */
public final class FakeEngine implements InferenceEngine {
    /** Room for a test's usual load; a test of limits brings its own. */
    public static final Limits LIMITS = new Limits(64, 16, 64, 4, 1024, 16);
    public static final int INBOX = 64;

    private final BaseModel model;
    private final ToyModel toy;
    private final Limits limits;
    private final int inboxSize;
    private final Thread thread;
    private final AtomicLong ids = new AtomicLong();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Guarded by the lock: what other threads tell the engine's. */
    private final Deque<Live> inbox = new ArrayDeque<>();
    private final Map<Long, Live> live = new LinkedHashMap<>();
    private final Map<String, ResidentAdapter> resident = new LinkedHashMap<>();
    private final List<Long> cancellations = new ArrayList<>();
    private final Map<Long, Integer> allowances = new LinkedHashMap<>();
    private boolean paused;
    private boolean closing;
    private boolean healthy = true;
    private Applied.Counts counts;
    private final FakeAccounts accounts = new FakeAccounts();

    /** One submission on its way; mutable fields belong to the engine's thread. */
    private static final class Live {
        private final Sequence sequence;
        private final EngineRequest request;
        private final TokenSink sink;
        private final ToySampler sampler;
        private final long submittedNanos = System.nanoTime();
        private long queueMicros = -1;
        private long engineNanos;
        private Optional<String> failure = Optional.empty();
        private boolean adaptersReady;
        private int delivered;
        private boolean cut;
        private int allowance;

        private Live(Sequence sequence, EngineRequest request, TokenSink sink) {
            this.sequence = sequence;
            this.request = request;
            this.sink = sink;
            this.sampler = new ToySampler(request);
            this.allowance = request.allowance();
            this.adaptersReady = request.adapters().isEmpty();
        }
    }

    public FakeEngine(BaseModel model, ToyModel toy) {
        this(model, toy, LIMITS, INBOX);
    }

    public FakeEngine(BaseModel model, ToyModel toy, Limits limits, int inboxSize) {
        this.model = model;
        this.toy = toy;
        this.limits = limits;
        this.inboxSize = inboxSize;
        Scheduler scheduler = new Scheduler(limits, Speculation.DEFAULT);
        counts = scheduler.counts();
        thread = Thread.ofPlatform().daemon().name("fake-engine").start(() -> loop(scheduler));
    }

    @Override
    public BaseModel model() {
        return model;
    }

    @Override
    public Submission submit(EngineRequest request, TokenSink sink) {
        check(request);
        List<AdapterKey> keys = request.adapters().stream()
                .map(adapter -> new AdapterKey(adapter.digest(), adapter.scale())).toList();
        lock.lock();
        try {
            if (closing) throw new IllegalStateException("engine closed");
            if (inbox.size() >= inboxSize) return new Submission.Busy(Duration.ofSeconds(1));
            Sequence sequence = new Sequence(ids.incrementAndGet(), request.tenant(), "salt of " + request.tenant(),
                    keys, request.prompt(), request.maxNewTokens(), request.stopTokens()).inFlow(request.flow());
            Live one = new Live(sequence, request, sink);
            inbox.add(one);
            live.put(sequence.id(), one);
            if (!one.adaptersReady) Thread.ofVirtual().start(() -> fetchAdapters(one));
            changed.signalAll();
            return new Submission.Accepted(sequence.id());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void allow(long sequenceId, int tokens) {
        locked(() -> {
            if (live.containsKey(sequenceId)) allowances.merge(sequenceId, tokens, Math::max);
        });
    }

    @Override
    public void cancel(long sequenceId) {
        locked(() -> {
            if (live.containsKey(sequenceId)) cancellations.add(sequenceId);
        });
    }

    @Override
    public EngineStatus status() {
        lock.lock();
        try {
            return new EngineStatus("fake", "float32", "cpu", counts.running(), counts.waiting() + inbox.size(),
                    new EngineStatus.Blocks(limits.blocks(), counts.freeBlocks(), counts.cachedBlocks(),
                            limits.tokensPerBlock()), EngineStatus.Memory.UNKNOWN,
                    List.copyOf(resident.values()), Integer.MAX_VALUE, accounts.totals(), healthy);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public CompletableFuture<EngineTime> time() {
        lock.lock();
        try {
            return CompletableFuture.completedFuture(accounts.time());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void evict(String adapterDigest) {
        locked(() -> resident.remove(adapterDigest));
    }

    /** Holds the engine before its next step. */
    public void pause() {
        locked(() -> paused = true);
    }

    public void resume() {
        locked(() -> paused = false);
    }

    @Override
    public void close() {
        locked(() -> closing = true);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    private void loop(Scheduler scheduler) {
        try {
            while (takeIn(scheduler)) step(scheduler);
            endAll(Finished.Reason.CANCELLED, Optional.empty());
        } catch (RuntimeException broken) {
            locked(() -> healthy = false);
            endAll(Finished.Reason.FAILED, Optional.of(String.valueOf(broken)));
            throw broken;
        }
    }

    /** Waits until there is something to do, then hands the scheduler what it has room for. */
    private boolean takeIn(Scheduler scheduler) {
        List<Live> ended = new ArrayList<>();
        lock.lock();
        try {
            while (!closing && (paused || idle(scheduler))) changed.awaitUninterruptibly();
            if (closing) return false;
            for (long id : cancellations) {
                Live one = live.get(id);
                if (one != null && inbox.remove(one)) ended.add(one);
                else scheduler.cancel(id);
            }
            cancellations.clear();
            allowances.forEach((id, tokens) -> {
                Live one = live.get(id);
                if (one != null && !scheduler.allow(id, tokens)) one.allowance = Math.max(one.allowance, tokens);
            });
            allowances.clear();
            for (Live one : List.copyOf(inbox)) {
                if (one.failure.isPresent()) ended.add(one);
                else if (!one.adaptersReady || !scheduler.add(one.sequence, one.allowance)) continue;
                inbox.remove(one);
            }
        } finally {
            lock.unlock();
        }
        for (Live one : ended)
            end(one, one.failure.isPresent() ? Finished.Reason.FAILED : Finished.Reason.CANCELLED);
        return true;
    }

    private boolean idle(Scheduler scheduler) {
        boolean ready = inbox.stream().anyMatch(one -> one.adaptersReady || one.failure.isPresent());
        return !ready && cancellations.isEmpty() && allowances.isEmpty() && !scheduler.hasWork();
    }

    /** One step: plan, compute, apply, publish. */
    private void step(Scheduler scheduler) {
        long start = System.nanoTime();
        locked(() -> accounts.stepBegins(start / 1000));
        Batch batch = scheduler.plan();
        List<Chosen> chosen = new ArrayList<>();
        Map<Live, List<GeneratedToken>> tokens = new LinkedHashMap<>();
        for (Slice slice : batch.slices()) {
            Live one = of(slice.sequence());
            if (one.queueMicros < 0) one.queueMicros = (start - one.submittedNanos) / 1000;
            if (!slice.samples()) continue;
            tokens.put(one, one.sampler.choose(toy, slice));
            chosen.add(new Chosen(slice.sequence().id(), tokens.get(one).stream().map(GeneratedToken::id).toList()));
        }
        Applied applied = scheduler.apply(batch, new StepResult(chosen));
        long busy = System.nanoTime() - start;
        for (Slice slice : batch.slices()) of(slice.sequence()).engineNanos += busy * slice.length() / batch.tokens();
        locked(() -> {
            counts = applied.counts();
            accounts.stepEnds(batch, applied, chosen);
        });
        tokens.forEach(this::deliver);
        for (Applied.Ended end : applied.ended()) end(of(end.sequence()), reason(end));
    }

    private void deliver(Live one, List<GeneratedToken> tokens) {
        for (GeneratedToken token : tokens) {
            one.cut = isCancelled(one);
            if (one.cut) return;
            one.delivered++;
            one.sink.token(token);
        }
    }

    private boolean isCancelled(Live one) {
        lock.lock();
        try {
            return cancellations.contains(one.sequence.id());
        } finally {
            lock.unlock();
        }
    }

    private static Finished.Reason reason(Applied.Ended end) {
        return switch (end.reason()) {
            case STOP_TOKEN -> Finished.Reason.STOP_TOKEN;
            case LENGTH -> Finished.Reason.LENGTH;
            case CANCELLED -> Finished.Reason.CANCELLED;
            case CANNOT_FIT, FAILED -> Finished.Reason.FAILED;
        };
    }

    private Live of(Sequence sequence) {
        lock.lock();
        try {
            return live.get(sequence.id());
        } finally {
            lock.unlock();
        }
    }

    private void end(Live one, Finished.Reason reason) {
        locked(() -> live.remove(one.sequence.id()));
        Optional<String> failure = one.failure;
        if (reason == Finished.Reason.FAILED && failure.isEmpty())
            failure = Optional.of("prompt and answer exceed the KV blocks of this engine");
        one.sink.finished(new Finished(one.cut ? Finished.Reason.CANCELLED : reason, one.sequence.promptLength(),
                one.sequence.cachedPromptTokens(), one.delivered, Math.max(0, one.queueMicros), one.engineNanos / 1000, failure));
    }

    private void endAll(Finished.Reason reason, Optional<String> failure) {
        List<Live> left = new ArrayList<>();
        locked(() -> {
            closing = true;
            left.addAll(live.values());
            inbox.clear();
        });
        for (Live one : left) {
            if (one.failure.isEmpty()) one.failure = failure;
            end(one, reason);
        }
    }

    /** On a virtual thread, as the port says: the engine goes on with others meanwhile. */
    private void fetchAdapters(Live one) {
        Map<String, EngineAdapter> fetched = new HashMap<>();
        Optional<String> failure = Optional.empty();
        try {
            for (EngineAdapter adapter : one.request.adapters()) {
                if (!isResident(adapter.digest())) adapter.files().folder();
                fetched.put(adapter.digest(), adapter);
            }
        } catch (RuntimeException failed) {
            failure = Optional.of("adapter can't be loaded: " + failed.getMessage());
        }
        Optional<String> outcome = failure;
        locked(() -> {
            fetched.values().forEach(adapter -> resident.computeIfAbsent(adapter.digest(), digest -> {
                accounts.adapterLoaded();
                return ResidentAdapter.of(adapter, Tier.DEVICE, 0, 0);
            }));
            one.failure = outcome;
            one.adaptersReady = outcome.isEmpty();
        });
    }

    private boolean isResident(String digest) {
        lock.lock();
        try {
            return resident.containsKey(digest);
        } finally {
            lock.unlock();
        }
    }

    private void check(EngineRequest request) {
        for (int token : request.prompt()) {
            if (token < 0 || token >= model.vocabularySize()) throw new IllegalArgumentException("token " + token);
        }
        if ((long) request.prompt().length + request.maxNewTokens() > model.contextLength())
            throw new IllegalArgumentException("prompt of " + request.prompt().length + " and "
                    + request.maxNewTokens() + " new tokens exceed the context of " + model.contextLength());
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
