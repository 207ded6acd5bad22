package graft.metering.costs;

import graft.registry.Periodic;
import graft.registry.costs.LedgerDaysDao;
import graft.registry.costs.StoredBytesDao.Stored;
import graft.registry.costs.StoredBytesDao;
import graft.registry.usage.Component;
import graft.registry.usage.Counters;
import graft.registry.usage.LedgerDao;
import graft.registry.usage.LedgerWrite;
import graft.registry.usage.PriceBook;
import graft.registry.usage.UsageRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the ledger needs now and then: partitions made ahead, closed days rolled up, old ones taken out, and each hour's
 * storage billed. Everything may be repeated, also by several servers at once: what is written has a name of its own.
 *
 * <p>Storage: what a tenant has stored at the first look in an hour is billed for that hour, a line each for adapters,
 * files and stores. An hour in which no server ran is not billed.
 */
public final class LedgerUpkeep implements AutoCloseable {
    /** After midnight: what other servers' clocks may still put into the day before. */
    private static final Duration SETTLING = Duration.ofMinutes(10);
    private static final int DAYS_AT_ONCE = 31;
    private static final long KIB = 1024;
    private final LedgerDaysDao days;
    private final StoredBytesDao stored;
    private final LedgerDao ledger;
    private final Supplier<PriceBook> prices;
    private final String processId;
    private final Settings settings;
    private final Clock clock;
    private final Periodic periodic;

    /**
     * @param interval        {@code metering.upkeep-interval}, 1 min
     * @param partitionsAhead days whose partitions exist before they begin ({@code metering.partitions-ahead}, 3)
     * @param detachAfterDays age at which a rolled-up day leaves the ledger; 0 is never
     *                        ({@code metering.detach-after-days})
     */
    public record Settings(Duration interval, int partitionsAhead, int detachAfterDays) {
        public static final Settings DEFAULT = new Settings(Duration.ofMinutes(1), 3, 0);

        public Settings {
            if (partitionsAhead < 0 || partitionsAhead > 365)
                throw new IllegalArgumentException("partitionsAhead " + partitionsAhead);
            if (detachAfterDays < 0) throw new IllegalArgumentException("detachAfterDays " + detachAfterDays);
        }
    }

    /** Today's partition is there when this returns. */
    public LedgerUpkeep(LedgerDaysDao days, StoredBytesDao stored, LedgerDao ledger, Supplier<PriceBook> prices,
            String processId, Settings settings, Clock clock) {
        this.days = days;
        this.stored = stored;
        this.ledger = ledger;
        this.prices = prices;
        this.processId = processId;
        this.settings = settings;
        this.clock = clock;
        prepare();
        periodic = Periodic.every("ledger-upkeep", settings.interval(), this::run);
    }

    private LocalDate today() {
        return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    }

    private void prepare() {
        days.prepare(today(), today().plusDays(settings.partitionsAhead()));
    }

    /** All of it, now. */
    public void run() {
        prepare();
        billStorage();
        LocalDate open = LocalDate.ofInstant(clock.instant().minus(SETTLING), ZoneOffset.UTC);
        days.closed(open, DAYS_AT_ONCE).forEach(days::rollUp);
        if (settings.detachAfterDays() > 0)
            days.attached(today().minusDays(settings.detachAfterDays())).forEach(days::detach);
    }

    private void billStorage() {
        Instant hour = clock.instant().truncatedTo(ChronoUnit.HOURS);
        PriceBook book = prices.get();
        List<LedgerWrite> writes = new ArrayList<>();
        for (Stored one : stored.all()) {
            String name = "storage_" + hour.getEpochSecond() + "_" + one.tenantId() + "_" + one.kind();
            UsageRequest line = new UsageRequest(name, one.tenantId(), "", "storage." + one.kind(), "", "", 0,
                    processId, book.revision(), hour);
            writes.add(new LedgerWrite.Open(line));
            writes.add(new LedgerWrite.Settle(line, Counters.of(Component.STORAGE, Math.ceilDiv(one.bytes(), KIB)),
                    book, "stored", 0, LedgerWrite.Times.NONE));
        }
        if (!writes.isEmpty()) ledger.write(writes);
    }

    @Override
    public void close() {
        periodic.close();
    }
}
