package graft.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.registry.Ids;
import graft.registry.tenant.Limits;
import graft.registry.tenant.LimitsDao;
import graft.registry.tenant.Scope;
import graft.registry.tenant.TenantDao;
import graft.registry.testing.TestDatabase;
import graft.registry.usage.AdmissionDao;
import graft.registry.usage.PriceBook;
import graft.registry.usage.PriceBookDao;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TenantAdmissionIT {
    private static TestDatabase test;
    private static Admission admission;

    @BeforeAll
    static void open() {
        test = TestDatabase.open();
        PriceBook prices = new PriceBookDao(test.database()).current();
        admission = new TenantAdmission(new AdmissionDao(test.database(), Duration.ofHours(1)), () -> prices, "p");
    }

    @AfterAll
    static void close() {
        test.close();
    }

    private static void limit(String tenant, Long requests, Long tokens, Long parallel, Optional<Limits.Budget> budget) {
        new TenantDao(test.database()).ensure("test", tenant, tenant);
        new LimitsDao(test.database()).put("test", tenant, new Limits(of(requests), of(tokens), of(parallel),
                OptionalLong.empty(), OptionalLong.empty(), budget));
    }

    private static OptionalLong of(Long limit) {
        return limit == null ? OptionalLong.empty() : OptionalLong.of(limit);
    }

    private static Admission.Decision ask(String tenant, long prompt, long generate, int choices) {
        return admission.admit(new AdmissionRequest(new Caller(tenant, tenant, "key", Set.of(Scope.INFERENCE)),
                Ids.next("req_"), "base", Optional.empty(), prompt, generate, choices, 0));
    }

    private static Admission.Refused refused(Admission.Decision decision) {
        return assertInstanceOf(Admission.Refused.class, decision);
    }

    @Test
    void withoutLimitsEverythingIsAdmitted() {
        Admitted admitted = assertInstanceOf(Admitted.class, ask("unlimited", 1_000_000, 1_000_000, 5));
        assertTrue(admitted.limits().headers().isEmpty());
        admitted.close();
        admitted.close();
    }

    @Test
    void requestsAMinuteAreCountedWhetherOrNotTheyRunStill() {
        limit("requests", 3L, null, null, Optional.empty());
        for (int i = 0; i < 3; i++) {
            Admitted admitted = assertInstanceOf(Admitted.class, ask("requests", 1, 1, 1));
            assertEquals(Integer.toString(2 - i), admitted.limits().headers().get("x-ratelimit-remaining-requests"));
            admitted.close();
        }
        Admission.Refused refused = refused(ask("requests", 1, 1, 1));
        assertEquals(Admission.Kind.RATE, refused.kind());
        assertTrue(refused.retryAfter().toSeconds() > 50 && refused.retryAfter().toSeconds() <= 60,
                refused.retryAfter().toString());
    }

    @Test
    void tokensAMinuteCountTheWorstCaseOfAllChoices() {
        limit("tokens", null, 100L, null, Optional.empty());
        Admitted first = assertInstanceOf(Admitted.class, ask("tokens", 10, 20, 2));
        assertEquals(Admission.Kind.RATE, refused(ask("tokens", 10, 31, 1)).kind());
        assertInstanceOf(Admitted.class, ask("tokens", 10, 30, 1)).close();
        // What ends unused gives its tokens back.
        first.close();
        assertInstanceOf(Admitted.class, ask("tokens", 10, 90, 1)).close();
    }

    @Test
    void parallelRequestsAreFreedByClosing() {
        limit("parallel", null, null, 2L, Optional.empty());
        Admitted first = assertInstanceOf(Admitted.class, ask("parallel", 1, 1, 1));
        assertInstanceOf(Admitted.class, ask("parallel", 1, 1, 1));
        assertEquals(Admission.Kind.RATE, refused(ask("parallel", 1, 1, 1)).kind());
        first.close();
        assertInstanceOf(Admitted.class, ask("parallel", 1, 1, 1));
    }

    @Test
    void aRefusedRequestUsesNothingUp() {
        limit("refused", 10L, 50L, null, Optional.empty());
        for (int i = 0; i < 20; i++) refused(ask("refused", 100, 0, 1));
        assertInstanceOf(Admitted.class, ask("refused", 50, 0, 1)).close();
    }

    @Test
    void fiftyAtOnceNeverOvershootABudgetForTen() throws Exception {
        // 1,000 generated tokens at 0.6 micros
        limit("budget", null, null, null, Optional.of(new Limits.Budget(6_000, Limits.Period.MONTH)));
        List<Callable<Admission.Decision>> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) calls.add(() -> ask("budget", 0, 1_000, 1));
        int admitted = 0;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Admission.Decision> decision : threads.invokeAll(calls)) {
                if (decision.get() instanceof Admission.Refused refused)
                    assertEquals(Admission.Kind.QUOTA, refused.kind());
                else admitted++;
            }
        }
        assertEquals(10, admitted);
    }

    @Test
    void newLimitsCountForTheNextRequest() {
        limit("changing", null, null, null, Optional.of(new Limits.Budget(0, Limits.Period.TOTAL)));
        assertEquals(Admission.Kind.QUOTA, refused(ask("changing", 10, 10, 1)).kind());
        limit("changing", null, null, null, Optional.empty());
        assertInstanceOf(Admitted.class, ask("changing", 10, 10, 1)).close();
    }
}
