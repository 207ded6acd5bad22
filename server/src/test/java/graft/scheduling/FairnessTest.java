package graft.scheduling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FairnessTest {
    private static final int PROMPT = 8;
    private static final int NEW_TOKENS = 8;

    private final Map<String, Long> served = new HashMap<>();
    private final Map<String, Long> flows = new HashMap<>();
    private long ids;

    @Test
    void tenantsAreServedInProportionToTheirWeights() {
        Scheduler scheduler = new Scheduler(new Limits(64, 4, 1000, 1, 64, 4));
        for (int i = 0; i < 300; i++) {
            add(scheduler, "light", 1, List.of());
            add(scheduler, "heavy", 3, List.of());
        }
        for (int i = 0; i < 400; i++) step(scheduler);
        double ratio = (double) served.get("heavy") / served.get("light");
        assertEquals(3, ratio, 0.15, "heavy " + served.get("heavy") + " light " + served.get("light"));
    }

    @Test
    void aLateTenantIsServedBeforeAnEarlierOnesLongLine() {
        Scheduler scheduler = new Scheduler(new Limits(64, 2, 1000, 1, 64, 4));
        for (int i = 0; i < 200; i++) add(scheduler, "crowd", 1, List.of());
        for (int i = 0; i < 100; i++) step(scheduler);
        add(scheduler, "late", 1, List.of());
        for (int steps = 0; !served.containsKey("late"); steps++) {
            assertTrue(steps <= 2 * NEW_TOKENS, "waits behind the crowd");
            step(scheduler);
        }
    }

    @Test
    void aReturningTenantHasNotSavedUpItsRest() {
        Scheduler scheduler = new Scheduler(new Limits(64, 1, 1000, 1, 64, 4));
        add(scheduler, "idler", 1, List.of());
        for (int i = 0; i < 100; i++) add(scheduler, "worker", 1, List.of());
        for (int i = 0; i < 40 * NEW_TOKENS; i++) step(scheduler);
        served.clear();
        for (int i = 0; i < 50; i++) add(scheduler, "idler", 1, List.of());
        for (int i = 0; i < 20 * NEW_TOKENS; i++) step(scheduler);
        assertEquals(1, (double) served.get("idler") / served.get("worker"), 0.15, served.toString());
    }

    @Test
    void flowsOfOneTenantTakeTurnsAndWinNothingFromOthers() {
        Scheduler scheduler = new Scheduler(new Limits(64, 2, 1000, 1, 64, 4));
        for (int i = 0; i < 300; i++) addFlow(scheduler, "a", i < 290 ? "crowd-of-a" : "few-of-a");
        for (int i = 0; i < 300; i++) addFlow(scheduler, "b", "flow-" + i);
        for (int i = 0; i < 60 * NEW_TOKENS; i++) step(scheduler);
        assertEquals(1, (double) served.get("a") / served.get("b"), 0.15, served.toString());
        assertEquals(10 * NEW_TOKENS, flows.get("few-of-a"), "the last to come, served beside the crowd: " + flows);
    }

    @Test
    void manyAdapterSetsTakeTurnsWithinTheLimitOfAStep() {
        int sets = 7;
        Scheduler scheduler = new Scheduler(new Limits(64, 16, 100, 2, 64, 4));
        for (int i = 0; i < sets; i++)
            add(scheduler, "t", 1, List.of(new AdapterKey("sha256:" + i, 1)));
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < Math.ceilDiv(sets, 2); i++) {
            Batch batch = scheduler.plan();
            batch.slices().forEach(slice -> seen.add(slice.sequence().id()));
            assertTrue(batch.slices().size() <= 2, "sets in a step: " + batch.slices().size());
            apply(scheduler, batch);
        }
        assertEquals(sets, seen.size());
    }

    @Test
    void aRunningSequenceIsNeverLeftOutForLongerThanPatience() {
        int patience = 5;
        Scheduler scheduler = new Scheduler(new Limits(4, 8, 100, 1, 256, 4, patience));
        for (int i = 0; i < 4; i++) add(scheduler, "a", 1, List.of(new AdapterKey("sha256:a", 1)));
        for (int i = 0; i < 4; i++) add(scheduler, "b", 9, List.of(new AdapterKey("sha256:b", 1)));
        Map<Long, Long> last = new HashMap<>();
        while (scheduler.hasWork()) {
            Batch batch = scheduler.plan();
            for (Slice slice : batch.slices()) {
                Long before = last.put(slice.sequence().id(), batch.step());
                // Overdue sequences may have to take turns among each other: eight of them, prompts of two steps.
                if (before != null) assertTrue(batch.step() - before <= patience + 16, "left out since " + before);
            }
            apply(scheduler, batch);
        }
    }

    private void add(Scheduler scheduler, String tenant, int weight, List<AdapterKey> adapters) {
        long id = ++ids;
        int[] prompt = new int[PROMPT];
        // Distinct from the first token on, so that no prefix is shared and every prompt costs the same.
        prompt[0] = (int) id;
        assertTrue(scheduler.add(new Sequence(id, tenant, weight, tenant, adapters, prompt, NEW_TOKENS, Set.of())));
    }

    private void addFlow(Scheduler scheduler, String tenant, String flow) {
        int[] prompt = new int[PROMPT];
        prompt[0] = (int) ++ids;
        assertTrue(scheduler.add(new Sequence(ids, tenant, 1, tenant, List.of(), prompt, NEW_TOKENS, Set.of())
                .inFlow(flow)));
    }

    private void step(Scheduler scheduler) {
        apply(scheduler, scheduler.plan());
    }

    private void apply(Scheduler scheduler, Batch batch) {
        for (Slice slice : batch.slices()) served.merge(slice.sequence().tenant(), (long) slice.length(), Long::sum);
        for (Slice slice : batch.slices())
            if (slice.samples()) flows.merge(slice.sequence().flow(), 1L, Long::sum);
        scheduler.apply(batch, new StepResult(batch.slices().stream().filter(Slice::samples)
                .map(slice -> new Chosen(slice.sequence().id(), 1)).toList()));
        scheduler.checkIntegrity();
    }
}
