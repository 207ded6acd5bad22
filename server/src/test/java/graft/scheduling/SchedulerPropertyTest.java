package graft.scheduling;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SchedulerPropertyTest {
    private static final int WORKLOADS = 400;

    @Test
    void randomWorkloadsEndWithTheAnswersOfSoloRunsAndAWholePool() {
        long first = new Random().nextLong();
        System.out.println("first seed " + first);
        long preemptions = 0;
        long cachedTokens = 0;
        long mixedSteps = 0;
        long drafted = 0;
        long accepted = 0;
        long pauses = 0;
        for (int i = 0; i < WORKLOADS; i++) {
            PropertyWorkload workload = new PropertyWorkload(first + i);
            try {
                workload.run();
            } catch (AssertionError | RuntimeException broken) {
                throw new AssertionError("seed " + (first + i) + ": " + broken.getMessage(), broken);
            }
            preemptions += workload.preemptions;
            cachedTokens += workload.cachedTokens;
            mixedSteps += workload.sharedSteps;
            drafted += workload.drafted;
            accepted += workload.accepted;
            pauses += workload.pauses;
        }
        System.out.println(preemptions + " preemptions, " + cachedTokens + " cached tokens, " + mixedSteps
                + " steps of several adapter sets, " + accepted + " of " + drafted + " drafted tokens accepted, "
                + pauses + " pauses");
        // A workload that never meets these would prove nothing about them.
        assertTrue(preemptions > WORKLOADS, "preemptions " + preemptions);
        assertTrue(cachedTokens > WORKLOADS, "cached tokens " + cachedTokens);
        assertTrue(mixedSteps > WORKLOADS, "mixed steps " + mixedSteps);
        assertTrue(accepted > WORKLOADS, "accepted " + accepted);
        assertTrue(drafted - accepted > WORKLOADS, "rejected " + (drafted - accepted));
        assertTrue(pauses > WORKLOADS, "pauses " + pauses);
    }
}
