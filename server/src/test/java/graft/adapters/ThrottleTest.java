package graft.adapters;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ThrottleTest {
    @Test
    void bytesWaitForTheirRateWhileAnswersRun() {
        Throttle throttle = new Throttle(1000, () -> true);
        long start = System.nanoTime();
        throttle.pass(200);
        assertTrue(System.nanoTime() - start >= 200_000_000, "200 bytes at 1000 a second");
    }

    @Test
    void nothingWaitsWhileNoAnswerRuns() {
        Throttle throttle = new Throttle(1, () -> false); // a gibibyte would take 34 years
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> throttle.pass(1 << 30));
    }
}
