package graft.metering;

import graft.registry.Database;
import graft.registry.usage.LedgerDao;
import graft.registry.usage.PriceBookDao;
import graft.registry.usage.ProcessDao;
import java.time.Duration;

/**
 * The ledger of a running server: its lease, its prices and its recorder, started and stopped in the right order.
 * Starting settles what an earlier server on this data folder left open.
 */
public final class Metering implements AutoCloseable {
    private final ServerProcess process;
    private final Prices prices;
    private final LedgerUsageRecorder recorder;
    private final Metrics metrics;

    /**
     * @param lease            {@code metering.lease}, 30 s
     * @param pricesStaleAfter {@code metering.prices-stale-after}, 5 s
     * @param mostLabels       tenants, and adapters, with time series of their own ({@code metering.most-labels}, 200)
     */
    public record Settings(Duration lease, Duration pricesStaleAfter, int mostLabels,
            LedgerUsageRecorder.Settings recorder) {
        public static final Settings DEFAULT = new Settings(Duration.ofSeconds(30), Duration.ofSeconds(5), 200,
                LedgerUsageRecorder.Settings.DEFAULT);
    }

    /** @param node names the data folder, which one process at a time may use */
    public Metering(Database database, String node, Settings settings) {
        process = new ServerProcess(new ProcessDao(database), node, settings.lease());
        prices = new Prices(new PriceBookDao(database), settings.pricesStaleAfter());
        metrics = new Metrics(settings.mostLabels());
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

    /** What this server's holds and rows are marked with. */
    public String processId() {
        return process.id();
    }

    /** Call when no request runs any more. */
    @Override
    public void close() {
        recorder.close();
        process.close();
    }
}
