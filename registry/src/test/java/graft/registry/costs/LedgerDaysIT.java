package graft.registry.costs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Ids;
import graft.registry.testing.TestDatabase;
import graft.registry.usage.Component;
import graft.registry.usage.Counters;
import graft.registry.usage.LedgerDao;
import graft.registry.usage.LedgerWrite;
import graft.registry.usage.PriceBook;
import graft.registry.usage.PriceBookDao;
import graft.registry.usage.UsageQuery;
import graft.registry.usage.UsageReportDao;
import graft.registry.usage.UsageRequest;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LedgerDaysIT {
    private static final LocalDate DAY = LocalDate.of(2026, 3, 14);
    private static TestDatabase test;
    private static LedgerDao ledger;
    private static LedgerDaysDao days;
    private static UsageReportDao reports;
    private static PriceBook prices;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        ledger = new LedgerDao(test.database());
        days = new LedgerDaysDao(test.database());
        reports = new UsageReportDao(test.database());
        prices = new PriceBookDao(test.database()).current();
    }

    @AfterAll
    static void close() {
        test.close();
    }

    private static void write(LocalDate day, long seed, boolean settle) {
        Random random = new Random(seed);
        for (int i = 0; i < 40; i++) {
            UsageRequest request = new UsageRequest(Ids.next("req_"), "tenant" + i % 3, "key" + i % 2, i % 4 == 0
                    ? "embeddings" : "chat.completions", "base", i % 5 == 0 ? "triage" : "", i % 5 == 0 ? 2 : 0, "p",
                    prices.revision(),
                    day.atStartOfDay(ZoneOffset.UTC).toInstant().plusSeconds(random.nextInt(86_400)));
            ledger.write(List.of(new LedgerWrite.Open(request)));
            Counters used = i % 4 == 0 ? new Counters(0, 0, 0, 50, 0)
                    : new Counters(random.nextInt(500), random.nextInt(50), random.nextInt(1, 90), 7, i % 2);
            if (settle) ledger.write(List.of(new LedgerWrite.Settle(request, used, prices, "stop_token", 1,
                    LedgerWrite.Times.NONE)));
        }
    }

    private static UsageQuery query(LocalDate day, Duration bucket, Set<Component> components) {
        Instant from = day.atStartOfDay(ZoneOffset.UTC).toInstant();
        return new UsageQuery(from, from.plus(Duration.ofDays(1)), bucket, components, List.of(), List.of(), List.of(),
                List.of(), Set.of(UsageQuery.GroupBy.TENANT, UsageQuery.GroupBy.MODEL));
    }

    private static List<?> figures(LocalDate day, Duration bucket) {
        Set<Component> answers = EnumSet.of(Component.PREFILL, Component.CACHED_PREFILL, Component.DECODE);
        return List.of(reports.sums(Optional.empty(), query(day, bucket, Set.of())),
                Set.copyOf(reports.requests(Optional.empty(), query(day, bucket, answers))),
                Set.copyOf(reports.requests(Optional.of("tenant1"), query(day, bucket,
                        Set.of(Component.EMBED_QUERY)))));
    }

    @Test
    void aDaySaysTheSameFromItsLinesItsRollupAndAfterItIsDetached() {
        long seed = System.nanoTime();
        write(DAY, seed, true);
        days.prepare(DAY, DAY);
        List<?> daily = figures(DAY, Duration.ofDays(1));
        List<?> hourly = figures(DAY, Duration.ofHours(1));
        assertTrue(days.closed(DAY.plusDays(1), 9).contains(DAY), "seed " + seed);
        assertTrue(days.rollUp(DAY));
        assertEquals(daily, figures(DAY, Duration.ofDays(1)), "seed " + seed);
        assertTrue(days.rollUp(DAY), "a rollup can be run again");
        assertEquals(hourly, figures(DAY, Duration.ofHours(1)), "seed " + seed);
        assertFalse(days.closed(DAY.plusDays(1), 9).contains(DAY));
        assertEquals(List.of(DAY), days.attached(DAY.plusDays(1)));
        assertTrue(days.detach(DAY));
        assertFalse(days.detach(DAY));
        assertEquals(daily, figures(DAY, Duration.ofDays(1)), "seed " + seed);
        assertEquals(hourly, figures(DAY, Duration.ofHours(1)), "seed " + seed);
        assertFalse(days.rollUp(DAY), "its lines are gone: the sums must stay");
    }

    @Test
    void aDayWithAnOpenRequestIsNotClosed() {
        LocalDate open = LocalDate.of(2026, 3, 20);
        write(open, 1, true);
        write(open, 2, false);
        assertFalse(days.closed(open.plusDays(1), 9).contains(open));
    }

    @Test
    void partitionsAreMadeOnceWithTheWallsOfTheirParentAndTakeInWhatWasThereBefore() {
        LocalDate day = LocalDate.of(2026, 4, 1);
        write(day, 3, true);
        assertEquals(6, days.prepare(day, day.plusDays(2)));
        assertEquals(0, days.prepare(day, day.plusDays(2)));
        assertEquals(40L, count("usage_request_20260401"));
        assertEquals(0L, count("usage_request_rest WHERE day = '2026-04-01'"));
        for (String table : List.of("usage_request_20260401", "usage_event_20260403")) {
            assertEquals(Map.of("row", true, "forced", true), test.database().asOperator(handle -> handle.createQuery(
                    "SELECT relrowsecurity AS row, relforcerowsecurity AS forced FROM pg_class WHERE relname = :name")
                    .bind("name", table).mapToMap().one()), table);
            org.junit.jupiter.api.Assertions.assertThrows(RuntimeException.class, () -> test.database().asTenant(
                    "tenant1", handle -> handle.execute("SELECT * FROM " + table)));
        }
    }

    private static long count(String from) {
        try (var connection = java.sql.DriverManager.getConnection(test.owner().url(), test.owner().user(),
                test.owner().password()); var rows = connection.createStatement().executeQuery(
                "SELECT count(*) FROM " + from)) {
            rows.next();
            return rows.getLong(1);
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
