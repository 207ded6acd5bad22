package graft.metering;

import graft.engine.Finished;
import graft.registry.DatabaseUnavailableException;
import graft.registry.usage.Component;
import graft.registry.usage.Counters;
import graft.registry.usage.LedgerWrite;
import graft.registry.usage.PriceBook;
import graft.registry.usage.UsageRequest;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * One request's row while it runs. Tokens are counted where the engine sends them; a checkpoint is wished for after the
 * first and after every half lead, and read when the writer has its turn, so a slow commit only makes the next one
 * larger. Nobody waits here but for the settling. Any thread may call; the lock is held for a few fields' time.
 */
final class LedgerTicket implements UsageRecorder.Ticket {
    private final LedgerUsageRecorder recorder;
    private final UsageRequest request;
    private final PriceBook prices;
    private final int promptTokens;
    private final long openedNanos = System.nanoTime();
    private final AtomicInteger adapterLoads = new AtomicInteger();
    private Counters counters = Counters.NONE;
    private int contextTokens;
    private long lastTokenNanos;
    private long retrievalMicros;
    /** Tokens of the last checkpoint that the writer took, and of the last that was committed. */
    private long requested;
    private long committed;
    /** Waits for the writer, since when; and since when the oldest of those not yet committed waits. */
    private boolean due;
    private long dueNanos;
    private OptionalLong unwrittenSince = OptionalLong.empty();
    private IntConsumer watcher = tokens -> { };
    private UsageRecorder.Settled settled;
    private boolean settling;
    private boolean closed;
    private final RunningStreams.Entry watched;

    LedgerTicket(LedgerUsageRecorder recorder, UsageRequest request, PriceBook prices, int promptTokens) {
        this.recorder = recorder;
        this.request = request;
        this.prices = prices;
        this.promptTokens = promptTokens;
        this.watched = recorder.running().begin(request, promptTokens);
    }

    @Override
    public int lead() {
        return recorder.checkpointTokens();
    }

    @Override
    public synchronized void whenCommitted(IntConsumer tokens) {
        watcher = tokens;
    }

    @Override
    public void generated(int tokensSoFar) {
        boolean wish;
        watched.generated(tokensSoFar);
        synchronized (this) {
            time();
            // The first token proves that the prompt was computed; which part of it was cached is known at the end.
            counters = with(new Counters(promptTokens, 0, Math.max(tokensSoFar, counters.decode()),
                    counters.embedQuery(), counters.retrieve()));
            if (counters.decode() - committed == lead()) recorder.metrics().paused(request.baseId());
            wish = (requested == 0 || counters.decode() - requested >= lead() / 2) && wish();
        }
        if (wish) recorder.due(this);
    }

    private Counters with(Counters others) {
        return others.plus(Counters.of(Component.ADAPTER_LOAD, adapterLoads.get()));
    }

    @Override
    public void context(int tokens) {
        contextTokens = tokens;
    }

    @Override
    public void indexed(int tokens) {
        boolean wish;
        synchronized (this) {
            counters = counters.plus(Counters.of(Component.EMBED_INDEX, tokens));
            wish = wish();
        }
        if (wish) recorder.due(this);
    }

    @Override
    public void adapterLoaded() {
        adapterLoads.incrementAndGet();
    }

    private void time() {
        long now = System.nanoTime();
        if (lastTokenNanos == 0) {
            recorder.metrics().firstToken(request.baseId(), now - openedNanos);
            recorder.running().firstToken(now - openedNanos);
        } else recorder.metrics().nextToken(request.baseId(), now - lastTokenNanos);
        lastTokenNanos = now;
    }

    /** @return whether the writer is to be told */
    private boolean wish() {
        if (due || settling) return false;
        due = true;
        dueNanos = System.nanoTime();
        if (unwrittenSince.isEmpty()) unwrittenSince = OptionalLong.of(dueNanos);
        return true;
    }

    /** What is to be checkpointed now, for the writer; nothing once the row is being settled. */
    synchronized Optional<LedgerWrite> checkpoint() {
        due = false;
        if (settling) return Optional.empty();
        requested = counters.decode();
        return Optional.of(new LedgerWrite.Checkpoint(request, counters));
    }

    /** On the writer's thread. */
    void committed(LedgerWrite written) {
        if (!(written instanceof LedgerWrite.Checkpoint checkpoint)) return;
        IntConsumer told;
        synchronized (this) {
            committed = Math.max(committed, checkpoint.counters().decode());
            unwrittenSince = due ? OptionalLong.of(dueNanos) : OptionalLong.empty();
            told = watcher;
        }
        told.accept(Math.toIntExact(checkpoint.counters().decode()));
    }

    /** @return whether the writer is to try again: its wish stands while no new one was made */
    synchronized boolean retries() {
        if (due || settling) return false;
        due = true;
        return true;
    }

    @Override
    public synchronized void checkWritten() {
        if (settling || unwrittenSince.isEmpty()) return;
        if (System.nanoTime() - unwrittenSince.getAsLong() > recorder.longestWait().toNanos())
            throw new DatabaseUnavailableException(new TimeoutException("a checkpoint waits for too long"));
    }

    @Override
    public synchronized void retrieved(int queryTokens, long micros) {
        counters = counters.plus(new Counters(0, 0, 0, queryTokens, 1));
        retrievalMicros += micros;
    }

    @Override
    public UsageRecorder.Settled settle(Finished finished, int deliveredTokens) {
        if (settled != null) return settled;
        boolean nothing = finished.generatedTokens() == 0 && switch (finished.reason()) {
            case CANCELLED, FAILED -> true;
            case STOP_TOKEN, LENGTH -> false;
        };
        long prompt = nothing ? 0 : finished.promptTokens();
        long cached = Math.min(prompt, finished.cachedPromptTokens());
        Counters known = lastCounters();
        Counters bill = switch (request.operation()) {
            case "embeddings" -> new Counters(0, 0, 0, prompt, 0);
            case "index" -> known;
            default -> with(new Counters(prompt - cached, cached, finished.generatedTokens(), known.embedQuery(),
                    known.retrieve()));
        };
        settled = settle(bill, finished.reason().name().toLowerCase(Locale.ROOT), deliveredTokens,
                new LedgerWrite.Times(finished.queueMicros(), finished.engineMicros(), retrievalMicros));
        return settled;
    }

    /** From here on nothing is checkpointed. */
    private synchronized Counters lastCounters() {
        settling = true;
        return counters;
    }

    private UsageRecorder.Settled settle(Counters bill, String ended, int delivered, LedgerWrite.Times times) {
        watched.close();
        CompletableFuture<Long> written = recorder.submit(
                new LedgerWrite.Settle(request, bill, prices, ended, delivered, contextTokens, times));
        closed = true; // from here on the writer settles it, however long that takes
        UsageRecorder.Settled cost = new UsageRecorder.Settled(recorder.await(written), prices.currency());
        recorder.metrics().settled(request, bill, cost, ended, times, System.nanoTime() - openedNanos);
        return cost;
    }

    @Override
    public void close() {
        if (!closed) settle(lastCounters(), "abandoned", 0, new LedgerWrite.Times(0, 0, retrievalMicros));
    }
}
