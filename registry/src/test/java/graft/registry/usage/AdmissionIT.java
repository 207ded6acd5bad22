package graft.registry.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Ids;
import graft.registry.tenant.Limits;
import graft.registry.tenant.LimitsDao;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class AdmissionIT {
    private static TestDatabase test;
    private static AdmissionDao admissions;
    private static LedgerDao ledger;
    private static PriceBook prices;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        admissions = new AdmissionDao(test.database(), Duration.ofHours(1));
        ledger = new LedgerDao(test.database());
        prices = new PriceBookDao(test.database()).current();
    }

    @AfterAll
    static void close() {
        test.close();
    }

    private static void budget(String tenant, long micros) {
        new TenantDao(test.database()).ensure("test", tenant, tenant);
        new LimitsDao(test.database()).put("test", tenant, new Limits(OptionalLong.empty(), OptionalLong.empty(),
                OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(),
                Optional.of(new Limits.Budget(micros, Limits.Period.DAY))));
    }

    private static AdmissionDao.Outcome hold(String tenant, long micros, String process) {
        return admissions.hold(new Demand(tenant, Ids.next("req_"), process, 10, micros));
    }

    @Test
    void fiftyAtOnceNeverHoldMoreThanABudgetForTen() throws Exception {
        budget("race", 1_000);
        List<Callable<AdmissionDao.Outcome>> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) calls.add(() -> hold("race", 100, "p"));
        int held = 0;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<AdmissionDao.Outcome> outcome : threads.invokeAll(calls)) {
                if (outcome.get() instanceof AdmissionDao.Outcome.Held) held++;
            }
        }
        assertEquals(10, held);
    }

    /** The commit that opens the request's row does, and flushes the log up to the hold with it. */
    @Test
    void aHoldItselfWaitsForNoDisk() {
        budget("quick", 1_000);
        String during = test.database().atOnce(handle -> handle.inTransaction(one -> {
            one.execute("SET LOCAL synchronous_commit = on");
            one.createQuery("SELECT outcome FROM hold_admission('quick', 'hold_quick', 'req_quick', 'p', 1, 1, 60, 60)")
                    .mapTo(String.class).one();
            return one.createQuery("SHOW synchronous_commit").mapTo(String.class).one();
        }));
        assertEquals("off", during);
        assertEquals(List.of("hold_quick"), test.database().asTenant("quick", handle -> handle.createQuery(
                "SELECT id FROM admission_hold").mapTo(String.class).list()));
    }

    @Test
    void requestsThatSettleMeanwhileNeverLetTheBudgetBeOvershot() throws Exception {
        budget("spending", 5_000);
        List<Callable<Boolean>> calls = new ArrayList<>();
        for (int i = 0; i < 120; i++) calls.add(() -> {
            String id = Ids.next("req_");
            AdmissionDao.Outcome outcome = admissions.hold(new Demand("spending", id, "p", 10, 100));
            if (!(outcome instanceof AdmissionDao.Outcome.Held)) return false;
            UsageRequest request = new UsageRequest(id, "spending", "k", "chat.completions", "base", "", 0, "p",
                    prices.revision(), Instant.now());
            ledger.write(List.of(new LedgerWrite.Open(request)));
            // 150 generated tokens are 90 micros, within the 100 that are held
            ledger.write(List.of(new LedgerWrite.Settle(request, new Counters(0, 0, 150, 0, 0), prices, "length", 150,
                    LedgerWrite.Times.NONE)));
            return true;
        });
        int admitted = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
            for (Future<Boolean> call : threads.invokeAll(calls)) if (call.get()) admitted++;
        }
        long spent = test.database().asTenant("spending", handle -> handle.createQuery(
                "SELECT sum(cost_micros) FROM usage_event").mapTo(Long.class).one());
        assertEquals(90L * admitted, spent);
        assertTrue(spent <= 5_000 && spent > 4_000, "spent " + spent);
        assertInstanceOf(AdmissionDao.Outcome.Denied.class, hold("spending", 5_001 - spent, "p"));
        assertInstanceOf(AdmissionDao.Outcome.Held.class, hold("spending", 5_000 - spent, "p"));
    }

    @Test
    void aFreedHoldCountsNoMoreAndFreeingTwiceIsHarmless() {
        budget("freed", 100);
        AdmissionDao.Outcome first = hold("freed", 100, "p");
        assertInstanceOf(AdmissionDao.Outcome.Denied.class, hold("freed", 1, "p"));
        String id = assertInstanceOf(AdmissionDao.Outcome.Held.class, first).holdId();
        admissions.free("freed", id);
        admissions.free("freed", id);
        assertInstanceOf(AdmissionDao.Outcome.Held.class, hold("freed", 100, "p"));
    }

    @Test
    void whatADeadServerHeldIsFreedWhenItsRowsAreSettled() {
        budget("dead", 100);
        ProcessDao processes = new ProcessDao(test.database());
        processes.beat("killed", "node-x", Duration.ofSeconds(-1));
        hold("dead", 100, "killed");
        assertInstanceOf(AdmissionDao.Outcome.Denied.class, hold("dead", 1, "p"));
        processes.settleDead("p", "node-y", 10);
        assertInstanceOf(AdmissionDao.Outcome.Held.class, hold("dead", 100, "p"));
    }

    @Test
    void aTenantWithoutLimitsLeavesNoTrace() {
        new TenantDao(test.database()).ensure("test", "free", "free");
        assertInstanceOf(AdmissionDao.Outcome.Unlimited.class,
                admissions.hold(new Demand("free", "r", "p", 1, 1)));
        long holds = test.database().asTenant("free", handle -> handle.createQuery(
                "SELECT (SELECT count(*) FROM admission_hold) + (SELECT count(*) FROM admission_window)")
                .mapTo(Long.class).one());
        assertEquals(0, holds);
    }
}
