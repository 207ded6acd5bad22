package graft.metering;

import graft.registry.DatabaseUnavailableException;
import graft.registry.usage.Counters;
import graft.registry.usage.LedgerDao;
import graft.registry.usage.LedgerWrite;
import graft.registry.usage.PriceBook;
import graft.registry.usage.UsageRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The ledger in Postgres. A request's row is committed before {@link #open} returns, the bill before
 * {@link Ticket#settle} returns; an engine that is held to {@link Ticket#whenCommitted} is never more than
 * {@code metering.checkpoint-tokens} ahead of a committed checkpoint. Any thread may call.
 */
public final class LedgerUsageRecorder implements UsageRecorder, AutoCloseable {
    private final LedgerWriter writer;
    private final Supplier<PriceBook> prices;
    private final String processId;
    private final Settings settings;
    private final RequestMetrics metrics;
    private final RunningStreams running = new RunningStreams();
    private final BilledBefore billedBefore = new BilledBefore();

    /**
     * @param checkpointTokens most tokens that a crash leaves unbilled ({@code metering.checkpoint-tokens}, 32)
     * @param longestWait      longest wait for a row to be written ({@code metering.longest-wait}, 10 s)
     * @param mostAtOnce       rows written in one transaction ({@code metering.rows-per-commit}, 256)
     */
    public record Settings(int checkpointTokens, Duration longestWait, int mostAtOnce) {
        public static final Settings DEFAULT = new Settings(32, Duration.ofSeconds(10), 256);

        public Settings {
            if (checkpointTokens < 2) throw new IllegalArgumentException("checkpointTokens " + checkpointTokens);
            if (mostAtOnce < 1) throw new IllegalArgumentException("mostAtOnce " + mostAtOnce);
        }
    }

    /** @param processId {@link ServerProcess#id}, whose lease keeps others from settling our rows */
    public LedgerUsageRecorder(LedgerDao ledger, Supplier<PriceBook> prices, String processId, Settings settings,
            Metrics metrics) {
        this.metrics = metrics.requests();
        this.writer = new LedgerWriter(ledger, settings.mostAtOnce());
        this.prices = prices;
        this.processId = processId;
        this.settings = settings;
    }

    @Override
    public Ticket open(Start start) {
        PriceBook current = prices.get();
        PriceBook book = billedBefore.holds(start.requestId()) ? PriceBook.free(current.currency()) : current;
        UsageRequest request = new UsageRequest(start.requestId(), start.tenantId(), start.keyId(), start.operation(),
                start.baseId(), start.adapterName().orElse(""), start.adapterVersion(), processId, book.revision(),
                Instant.now());
        try {
            await(writer.submit(new LedgerWrite.Open(request), settings.longestWait()));
        } catch (DatabaseUnavailableException e) {
            // The commit may have arrived all the same: then the row ends at nothing once the database is back.
            submitSettle(new LedgerWrite.Settle(request, Counters.NONE, book, "failed", 0, LedgerWrite.Times.NONE));
            throw e;
        }
        return new LedgerTicket(this, request, book, start.promptTokens());
    }

    CompletableFuture<Long> submit(LedgerWrite write) {
        return writer.submit(write, settings.longestWait());
    }

    void due(LedgerTicket ticket) {
        writer.due(ticket);
    }

    private void submitSettle(LedgerWrite.Settle settle) {
        try {
            writer.submit(settle, settings.longestWait());
        } catch (DatabaseUnavailableException e) {
            System.getLogger(LedgerUsageRecorder.class.getName()).log(System.Logger.Level.WARNING,
                    "request={0} left to the next server", settle.request().requestId());
        }
    }

    /** Requests whose rows are open. */
    public RunningStreams running() {
        return running;
    }

    /** Requests that are to cost nothing. */
    public BilledBefore billedBefore() {
        return billedBefore;
    }

    RequestMetrics metrics() {
        return metrics;
    }

    int checkpointTokens() {
        return settings.checkpointTokens();
    }

    Duration longestWait() {
        return settings.longestWait();
    }

    /** @throws DatabaseUnavailableException when it takes longer than the longest wait */
    long await(CompletableFuture<Long> written) {
        try {
            return written.get(settings.longestWait().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) throw failure;
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new DatabaseUnavailableException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseUnavailableException(e);
        }
    }

    /** Writes what waits, then stops; call when no request runs any more. */
    @Override
    public void close() {
        writer.close();
    }
}
