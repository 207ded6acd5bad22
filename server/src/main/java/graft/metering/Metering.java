package graft.metering;

import graft.metering.costs.LedgerUpkeep;
import graft.registry.Database;
import graft.registry.costs.LedgerDaysDao;
import graft.registry.costs.StoredBytesDao;
import graft.registry.usage.IdempotencyDao;
import graft.registry.usage.LedgerDao;
import graft.registry.usage.PriceBookDao;
import graft.registry.usage.ProcessDao;
import java.time.Clock;
import java.time.Duration;

/**
 * The ledger of a running server: its lease, its prices and its recorder, started and stopped in the right order.
 * Starting settles what an earlier server on this data folder left open.
 */
public final class Metering implements AutoCloseable {
    /** No request of a living server takes longer; after it, its Idempotency-Key is free. */
    private static final Duration LONGEST_REQUEST = Duration.ofHours(1);
    private static final Duration TELL_AGAIN = Duration.ofSeconds(1);
    private final ServerProcess process;
    private final Prices prices;
    private final LedgerUsageRecorder recorder;
    private final LedgerUpkeep upkeep;
    private final Metrics metrics;
    private final KeptReplies replies;

    /**
     * @param lease            {@code metering.lease}, 30 s
     * @param pricesStaleAfter {@code metering.prices-stale-after}, 5 s
     * @param keepReplies      for retries with an Idempotency-Key ({@code idempotency.keep}, 24 h)
     * @param lateBytes        of replies that wait for the database ({@code idempotency.late-bytes}, 64 MiB)
     * @param mostLabels       tenants, and adapters, with time series of their own ({@code metering.most-labels}, 200)
     * @param upkeep           of the ledger's days and of storage
     */
    public record Settings(Duration lease, Duration pricesStaleAfter, Duration keepReplies, long lateBytes, int mostLabels,
            LedgerUsageRecorder.Settings recorder, LedgerUpkeep.Settings upkeep) {
        public static final Settings DEFAULT = new Settings(Duration.ofSeconds(30), Duration.ofSeconds(5),
                Duration.ofHours(24), 64 << 20, 200,
                LedgerUsageRecorder.Settings.DEFAULT, LedgerUpkeep.Settings.DEFAULT);
    }

    /** @param node names the data folder, which one process at a time may use */
    public Metering(Database database, String node, Settings settings) {
        IdempotencyDao keys = new IdempotencyDao(database, settings.keepReplies(), LONGEST_REQUEST);
        process = new ServerProcess(new ProcessDao(database), keys, node, settings.lease());
        replies = new KeptReplies(keys, settings.lateBytes(), TELL_AGAIN);
        prices = new Prices(new PriceBookDao(database), settings.pricesStaleAfter());
        metrics = new Metrics(settings.mostLabels());
        upkeep = new LedgerUpkeep(new LedgerDaysDao(database), new StoredBytesDao(database), new LedgerDao(database),
                prices, process.id(), settings.upkeep(), Clock.systemUTC());
        recorder = new LedgerUsageRecorder(new LedgerDao(database), prices, process.id(), settings.recorder(), metrics);
    }

    /** Where engines are to be observed, and what the metrics route serves. */
    public Metrics metrics() {
        return metrics;
    }

    public LedgerUsageRecorder recorder() {
        return recorder;
    }

    public Prices prices() {
        return prices;
    }

    /** Replies kept for retries, of requests that this server's lease vouches for. */
    public KeptReplies replies() {
        return replies;
    }

    /** What this server's holds and rows are marked with. */
    public String processId() {
        return process.id();
    }

    /** Call when no request runs any more. */
    @Override
    public void close() {
        recorder.close();
        replies.close();
        upkeep.close();
        process.close();
    }
}
