package graft.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MeasurementTest {
    @Test
    void theMedianOfAnEvenNumberOfRoundsIsBetweenTheMiddleTwo() {
        assertEquals(2.5, new Measurement(new double[] {4, 1, 3, 2}).median());
    }

    @Test
    void aRatioComparesRoundsOfTheSameMinute() {
        Measurement ratio = new Measurement(new double[] {10, 40}).over(new Measurement(new double[] {5, 10}));
        assertArrayEquals(new double[] {2, 4}, ratio.values());
    }

    @Test
    void noRoundsAreNoMeasurement() {
        assertThrows(IllegalArgumentException.class, () -> new Measurement(new double[0]));
    }
}
