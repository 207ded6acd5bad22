package graft.registry.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Ids;
import graft.registry.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LedgerIT {
    private static TestDatabase test;
    private static LedgerDao ledger;
    private static ProcessDao processes;
    private static PriceBook prices;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        ledger = new LedgerDao(test.database());
        processes = new ProcessDao(test.database());
        prices = new PriceBookDao(test.database()).current();
    }

    @AfterAll
    static void close() {
        test.close();
    }

    private static UsageRequest request(String tenant, String process) {
        return new UsageRequest(Ids.next("req_"), tenant, "key_1", "chat.completions", "base", "", 0, process,
                prices.revision(), Instant.now());
    }

    private static LedgerWrite.Settle settle(UsageRequest request, Counters counters) {
        return new LedgerWrite.Settle(request, counters, prices, "stop_token", 1, LedgerWrite.Times.NONE);
    }

    private static long total(String tenant) {
        return test.database().asTenant(tenant, handle -> handle.createQuery(
                "SELECT coalesce(sum(cost_micros), 0) FROM usage_event").mapTo(Long.class).one());
    }

    private static long account(String tenant, String column) {
        return test.database().asTenant(tenant, handle -> handle.createQuery(
                "SELECT " + column + " FROM tenant_account").mapTo(Long.class).findOne().orElse(0L));
    }

    private static long decoded(String tenant) {
        return test.database().asTenant(tenant, handle -> handle.createQuery(
                "SELECT coalesce(sum(quantity), 0) FROM usage_event WHERE component = 'decode'")
                .mapTo(Long.class).one());
    }

    @Test
    void aRequestIsBilledOnceHoweverOftenItIsSettled() {
        UsageRequest request = request("once", "p1");
        Counters counters = new Counters(100, 20, 30, 5, 1);
        long expected = counters.cost(prices, "base", "");
        ledger.write(List.of(new LedgerWrite.Open(request)));
        ledger.write(List.of(new LedgerWrite.Checkpoint(request, new Counters(120, 0, 10, 0, 0))));
        assertEquals(Map.of(request.requestId(), expected), ledger.write(List.of(settle(request, counters))));
        assertEquals(Map.of(request.requestId(), expected),
                ledger.write(List.of(new LedgerWrite.Open(request), settle(request, new Counters(9, 9, 9, 9, 9)))));
        assertEquals(expected, total("once"));
        assertEquals(expected, account("once", "total_micros"));
        assertEquals(expected, account("once", "day_micros"));
    }

    @Test
    void whatACrashLeftOpenIsSettledFromItsLastCheckpoint() {
        processes.beat("dead", "node-a", Duration.ofSeconds(-1));
        UsageRequest begun = request("crash", "dead");
        UsageRequest unbegun = request("crash", "dead");
        UsageRequest finished = request("crash", "dead");
        ledger.write(List.of(new LedgerWrite.Open(begun), new LedgerWrite.Open(unbegun),
                new LedgerWrite.Open(finished)));
        ledger.write(List.of(new LedgerWrite.Checkpoint(begun, new Counters(50, 0, 64, 0, 0)),
                settle(finished, new Counters(50, 0, 7, 0, 0))));
        assertEquals(Optional.of(2), processes.settleDead("alive", "node-b", 100));
        assertEquals(71, decoded("crash"));
        assertEquals(total("crash"), account("crash", "total_micros"));
        ledger.write(List.of(settle(begun, new Counters(50, 0, 90, 0, 0))));
        assertEquals(71, decoded("crash"));
        assertTrue(processes.settleDead("alive", "node-b", 100).isEmpty());
    }

    @Test
    void aLivingServersRowsAreLeftAloneUnlessItsNodeStartedAgain() {
        processes.beat("first", "node-c", Duration.ofMinutes(5));
        UsageRequest request = request("lease", "first");
        ledger.write(List.of(new LedgerWrite.Open(request),
                new LedgerWrite.Checkpoint(request, new Counters(1, 0, 32, 0, 0))));
        assertTrue(processes.settleDead("other", "node-d", 100).isEmpty());
        assertEquals(0, decoded("lease"));
        assertEquals(Optional.of(1), processes.settleDead("second", "node-c", 100));
        assertEquals(32, decoded("lease"));
    }

    @Test
    void settlingWhatWasNeverOpenedIsAFaultAndWritesNothing() {
        UsageRequest opened = request("fault", "p1");
        ledger.write(List.of(new LedgerWrite.Open(opened)));
        assertThrows(LedgerDao.UnopenedRequestException.class, () -> ledger.write(List.of(
                settle(opened, new Counters(1, 0, 1, 0, 0)), settle(request("fault", "p1"), Counters.NONE))));
        assertEquals(0, decoded("fault"));
    }

    @Test
    void accountsEqualTheLedgerAfterAnyOrderOfRepeatedWrites() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<UsageRequest> requests = new ArrayList<>();
        for (int i = 0; i < 60; i++) requests.add(request("random" + i % 3, "p1"));
        ledger.write(requests.stream().map(request -> (LedgerWrite) new LedgerWrite.Open(request)).toList());
        List<LedgerWrite> writes = new ArrayList<>();
        for (UsageRequest request : requests) {
            LedgerWrite.Settle settle = settle(request, new Counters(random.nextInt(5000), random.nextInt(500),
                    random.nextInt(2000), random.nextInt(50), random.nextInt(2)));
            for (int i = random.nextInt(1, 4); i > 0; i--) writes.add(settle);
        }
        java.util.Collections.shuffle(writes, random);
        for (int from = 0; from < writes.size(); ) {
            int to = Math.min(writes.size(), from + random.nextInt(1, 20));
            ledger.write(writes.subList(from, to));
            from = to;
        }
        for (int i = 0; i < 3; i++)
            assertEquals(total("random" + i), account("random" + i, "total_micros"), "seed " + seed);
    }

    @Test
    void yesterdaysRequestDoesNotCountForToday() {
        Instant yesterday = Instant.now().minus(Duration.ofDays(1));
        UsageRequest today = request("midnight", "p1");
        UsageRequest late = new UsageRequest(Ids.next("req_"), "midnight", "k", "o", "base", "", 0, "p1",
                prices.revision(), yesterday);
        Counters counters = new Counters(0, 0, 1000, 0, 0);
        ledger.write(List.of(new LedgerWrite.Open(today), new LedgerWrite.Open(late)));
        ledger.write(List.of(settle(today, counters)));
        ledger.write(List.of(settle(late, counters)));
        assertEquals(600, account("midnight", "day_micros"));
        assertEquals(1200, account("midnight", "total_micros"));
    }

    @Test
    void aPriceChangeCountsForRequestsOpenedAfterIt() {
        PriceBookDao books = new PriceBookDao(test.database());
        PriceBook changed = books.put("test", "EUR",
                List.of(new PriceBook.Item(Component.DECODE, "", "", 1_000_000)));
        assertEquals(changed, books.current());
        assertEquals(prices, books.find(prices.revision()).orElseThrow());
        UsageRequest before = request("repriced", "p1");
        ledger.write(List.of(new LedgerWrite.Open(before)));
        assertEquals(6, ledger.write(List.of(settle(before, new Counters(0, 0, 10, 0, 0))))
                .get(before.requestId()));
    }
}
