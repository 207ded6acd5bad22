package graft.metering;

import graft.engine.Finished;
import graft.registry.DatabaseUnavailableException;
import graft.registry.usage.Component;
import graft.registry.usage.Counters;
import graft.registry.usage.LedgerWrite;
import graft.registry.usage.PriceBook;
import graft.registry.usage.UsageRequest;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One request's row while it runs. A checkpoint is written every quarter of an interval and not waited for, unless the tokens
 * that left are a whole interval ahead of the last one known to be committed. Belongs to the request's thread.
 */
final class LedgerTicket implements UsageRecorder.Ticket {
    private final LedgerUsageRecorder recorder;
    private final UsageRequest request;
    private final PriceBook prices;
    private final int promptTokens;
    private final long openedNanos = System.nanoTime();
    private Counters counters = Counters.NONE;
    private final AtomicInteger adapterLoads = new AtomicInteger();
    private int contextTokens;
    private long lastTokenNanos;
    private long retrievalMicros;
    private long durable;
    private long requested;
    private CompletableFuture<Long> pending;
    private UsageRecorder.Settled settled;
    private boolean closed;

    LedgerTicket(LedgerUsageRecorder recorder, UsageRequest request, PriceBook prices, int promptTokens) {
        this.recorder = recorder;
        this.request = request;
        this.prices = prices;
        this.promptTokens = promptTokens;
    }

    @Override
    public void generated(int tokensSoFar) {
        time();
        // The first token proves that the prompt was computed; which part of it was cached is known at the end.
        counters = with(new Counters(promptTokens, 0, Math.max(tokensSoFar, counters.decode()), counters.embedQuery(),
                counters.retrieve()));
        noteWritten();
        boolean due = requested == 0 || counters.decode() - requested >= recorder.checkpointTokens() / 4;
        if (pending == null && due) checkpoint();
        if (counters.decode() - durable >= recorder.checkpointTokens()) catchUp();
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
        counters = counters.plus(Counters.of(Component.EMBED_INDEX, tokens));
        noteWritten();
        if (pending == null) checkpoint();
    }

    @Override
    public void adapterLoaded() {
        adapterLoads.incrementAndGet();
    }

    private void time() {
        long now = System.nanoTime();
        if (lastTokenNanos == 0) recorder.metrics().firstToken(request.baseId(), now - openedNanos);
        else recorder.metrics().nextToken(request.baseId(), now - lastTokenNanos);
        lastTokenNanos = now;
    }

    private void checkpoint() {
        pending = recorder.submit(new LedgerWrite.Checkpoint(request, counters));
        requested = counters.decode();
    }

    private void noteWritten() {
        if (pending == null || !pending.isDone()) return;
        if (!pending.isCompletedExceptionally()) durable = requested;
        pending = null;
    }

    /** Waits until the row is at most an interval behind: first for what is under way, then for a new try. */
    private void catchUp() {
        if (pending != null) {
            try {
                recorder.await(pending);
            } catch (DatabaseUnavailableException e) {
                if (!pending.isDone()) throw e;
            }
            noteWritten();
        }
        if (counters.decode() - durable < recorder.checkpointTokens()) return;
        checkpoint();
        recorder.await(pending);
        noteWritten();
    }

    @Override
    public void retrieved(int queryTokens, long micros) {
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
        Counters bill = switch (request.operation()) {
            case "embeddings" -> new Counters(0, 0, 0, prompt, 0);
            case "index" -> counters;
            default -> with(new Counters(prompt - cached, cached, finished.generatedTokens(), counters.embedQuery(),
                    counters.retrieve()));
        };
        settled = settle(bill, finished.reason().name().toLowerCase(Locale.ROOT), deliveredTokens,
                new LedgerWrite.Times(finished.queueMicros(), finished.engineMicros(), retrievalMicros));
        return settled;
    }

    private UsageRecorder.Settled settle(Counters bill, String ended, int delivered, LedgerWrite.Times times) {
        CompletableFuture<Long> written = recorder.submit(
                new LedgerWrite.Settle(request, bill, prices, ended, delivered, contextTokens, times));
        closed = true; // from here on the writer settles it, however long that takes
        UsageRecorder.Settled cost = new UsageRecorder.Settled(recorder.await(written), prices.currency());
        recorder.metrics().settled(request, bill, cost, ended, times, System.nanoTime() - openedNanos);
        return cost;
    }

    @Override
    public void close() {
        if (!closed) settle(counters, "abandoned", 0, new LedgerWrite.Times(0, 0, retrievalMicros));
    }
}
