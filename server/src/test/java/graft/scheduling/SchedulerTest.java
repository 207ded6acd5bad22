package graft.scheduling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.scheduling.Applied.Ended;
import graft.scheduling.Applied.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final int NO_STOP = -1;
    private static final AdapterKey A = new AdapterKey("sha256:a", 1);
    private static final AdapterKey B = new AdapterKey("sha256:b", 1);

    private final List<Ended> ended = new ArrayList<>();

    @Test
    void aPromptLongerThanAStepIsComputedInSlices() {
        Scheduler scheduler = new Scheduler(new Limits(10, 4, 4, 1, 16, 4));
        scheduler.add(sequence(1, "t", List.of(), prompt(25, 0), 2));
        List<Integer> lengths = new ArrayList<>();
        while (scheduler.hasWork()) lengths.add(step(scheduler, 7).tokens());
        assertEquals(List.of(10, 10, 5, 1), lengths);
        assertEquals(Reason.LENGTH, ended.getFirst().reason());
        assertEquals(2, ended.getFirst().sequence().generated());
    }

    @Test
    void aStepMixesDecodingSequencesWithAPrompt() {
        Scheduler scheduler = new Scheduler(new Limits(10, 4, 4, 1, 16, 4));
        scheduler.add(sequence(1, "t", List.of(), prompt(3, 0), 9));
        step(scheduler, 7);
        scheduler.add(sequence(2, "t", List.of(), prompt(20, 1), 9));
        Batch batch = step(scheduler, 7);
        assertEquals(List.of(1, 9), batch.slices().stream().map(Slice::length).toList());
        assertTrue(batch.slices().getFirst().samples());
        assertFalse(batch.slices().getLast().samples());
    }

    @Test
    void aStopTokenEndsASequenceAndIsItsLast() {
        Scheduler scheduler = new Scheduler(new Limits(10, 4, 4, 1, 16, 4));
        scheduler.add(new Sequence(1, "t", "salt", List.of(), prompt(3, 0), 9, Set.of(7)));
        step(scheduler, 7);
        assertEquals(Reason.STOP_TOKEN, ended.getFirst().reason());
        assertEquals(1, ended.getFirst().sequence().generated());
        assertFalse(scheduler.hasWork());
    }

    @Test
    void aFullLineRefusesAndKeepsNothing() {
        Scheduler scheduler = new Scheduler(new Limits(10, 1, 2, 1, 16, 4));
        assertTrue(scheduler.add(sequence(1, "t", List.of(), prompt(3, 0), 3)));
        assertTrue(scheduler.add(sequence(2, "t", List.of(), prompt(3, 0), 3)));
        assertFalse(scheduler.add(sequence(3, "t", List.of(), prompt(3, 0), 3)));
        assertFalse(scheduler.cancel(3));
        runToEnd(scheduler);
        assertEquals(2, ended.size());
    }

    @Test
    void whatTheWholePoolCannotHoldEndsUncomputed() {
        Scheduler scheduler = new Scheduler(new Limits(10, 1, 2, 1, 4, 4));
        scheduler.add(sequence(1, "t", List.of(), prompt(12, 0), 5));
        scheduler.add(sequence(2, "t", List.of(), prompt(12, 0), 6));
        runToEnd(scheduler);
        assertEquals(List.of(2L, 1L), ended.stream().map(end -> end.sequence().id()).toList());
        assertEquals(List.of(Reason.CANNOT_FIT, Reason.LENGTH), ended.stream().map(Ended::reason).toList());
    }

    @Test
    void aCancelledSequenceGivesItsBlocksBackWhetherItRunsOrWaits() {
        Scheduler scheduler = new Scheduler(new Limits(10, 1, 2, 1, 16, 4));
        scheduler.add(sequence(1, "t", List.of(), prompt(9, 0), 50));
        scheduler.add(sequence(2, "t", List.of(), prompt(9, 0), 50));
        step(scheduler, 7);
        scheduler.cancel(1);
        scheduler.cancel(2);
        step(scheduler, 7);
        assertEquals(List.of(Reason.CANCELLED, Reason.CANCELLED), ended.stream().map(Ended::reason).toList());
        assertEquals(16, scheduler.counts().freeBlocks());
        assertFalse(scheduler.hasWork());
    }

    @Test
    void aResultMustNameEachSamplingSliceOnce() {
        Scheduler scheduler = new Scheduler(new Limits(10, 4, 4, 1, 16, 4));
        scheduler.add(sequence(1, "t", List.of(), prompt(3, 0), 3));
        Batch batch = scheduler.plan();
        assertThrows(IllegalArgumentException.class, () -> scheduler.apply(batch, StepResult.NONE));
        assertThrows(IllegalArgumentException.class,
                () -> scheduler.apply(batch, new StepResult(List.of(new Chosen(2, 0)))));
        assertThrows(IllegalStateException.class, scheduler::plan);
        scheduler.apply(batch, new StepResult(List.of(new Chosen(1, 0))));
    }

    @Test
    void slicesOfOneAdapterAreNeighboursAndTheBaseComesFirst() {
        Scheduler scheduler = new Scheduler(new Limits(100, 9, 9, 2, 64, 4));
        List<List<AdapterKey>> adapters = List.of(List.of(A), List.of(B), List.of(), List.of(A), List.of(B), List.of());
        for (int i = 0; i < adapters.size(); i++)
            scheduler.add(sequence(i, "t", adapters.get(i), prompt(5, i), 3));
        assertEquals(List.of(List.of(), List.of(), List.of(A), List.of(A), List.of(B), List.of(B)),
                step(scheduler, 7).slices().stream().map(slice -> slice.sequence().adapters()).toList());
    }

    @Test
    void aSequenceAtItsAllowanceIsLeftOutAndGoesOnWhenItIsRaised() {
        Scheduler scheduler = new Scheduler(new Limits(10, 4, 4, 1, 16, 4));
        scheduler.add(sequence(1, "t", List.of(), prompt(3, 0), 9), 2);
        scheduler.add(sequence(2, "t", List.of(), prompt(3, 9), 4));
        List<Integer> slices = new ArrayList<>();
        while (scheduler.hasWork()) slices.add(step(scheduler, 7).slices().size());
        assertEquals(List.of(2, 2, 1, 1), slices);
        assertEquals(List.of(2L), ended.stream().map(end -> end.sequence().id()).toList());
        assertEquals(1, scheduler.counts().running(), "keeps its blocks");
        assertTrue(scheduler.allow(1, 5));
        assertTrue(scheduler.allow(1, 3), "an allowance only grows");
        for (int tokens = 3; tokens <= 5; tokens++) assertEquals(1, step(scheduler, 7).tokens());
        assertFalse(scheduler.hasWork());
        scheduler.allow(1, 9);
        runToEnd(scheduler);
        assertEquals(Reason.LENGTH, ended.getLast().reason());
        assertEquals(9, ended.getLast().sequence().generated());
        assertFalse(scheduler.allow(1, 10));
    }

    @Test
    void pausedSequencesGiveWayWhenNothingElseCouldBeComputed() {
        Scheduler scheduler = new Scheduler(new Limits(10, 4, 4, 1, 4, 4));
        scheduler.add(sequence(1, "t", List.of(), prompt(8, 0), 7), 4);
        while (scheduler.hasWork()) step(scheduler, 7);
        scheduler.add(sequence(2, "t", List.of(), prompt(8, 50), 7));
        while (scheduler.hasWork()) step(scheduler, 7);
        assertEquals(List.of(2L), ended.stream().map(end -> end.sequence().id()).toList());
        assertEquals(1, scheduler.counts().preemptions());
        assertEquals(1, scheduler.counts().waiting());
        scheduler.allow(1, 7);
        runToEnd(scheduler);
        assertEquals(7, ended.getLast().sequence().generated());
    }

    @Test
    void aPausedSequenceCanBeCancelledWhereverItIs() {
        Scheduler scheduler = new Scheduler(new Limits(10, 4, 4, 1, 16, 4));
        scheduler.add(sequence(1, "t", List.of(), prompt(8, 0), 7), 1);
        scheduler.add(sequence(2, "t", List.of(), prompt(8, 50), 7), 0);
        while (scheduler.hasWork()) step(scheduler, 7);
        assertEquals(List.of(1, 1), List.of(scheduler.counts().running(), scheduler.counts().waiting()));
        scheduler.cancel(1);
        scheduler.cancel(2);
        assertTrue(scheduler.hasWork());
        assertTrue(step(scheduler, 7).isEmpty());
        assertEquals(List.of(Reason.CANCELLED, Reason.CANCELLED), ended.stream().map(Ended::reason).toList());
        assertEquals(16, scheduler.counts().freeBlocks());
    }

    private Batch step(Scheduler scheduler, int token) {
        Batch batch = scheduler.plan();
        List<Chosen> chosen = batch.slices().stream().filter(Slice::samples)
                .map(slice -> new Chosen(slice.sequence().id(), token)).toList();
        ended.addAll(scheduler.apply(batch, new StepResult(chosen)).ended());
        scheduler.checkIntegrity();
        return batch;
    }

    private void runToEnd(Scheduler scheduler) {
        for (int steps = 0; scheduler.hasWork(); steps++) {
            assertTrue(steps < 10_000, "still working");
            step(scheduler, 7);
        }
    }

    private static Sequence sequence(long id, String tenant, List<AdapterKey> adapters, int[] prompt, int newTokens) {
        return new Sequence(id, tenant, "salt-" + tenant, adapters, prompt, newTokens, Set.of(NO_STOP));
    }

    private static int[] prompt(int length, int first) {
        return IntStream.range(0, length).map(i -> first + i).toArray();
    }
}
