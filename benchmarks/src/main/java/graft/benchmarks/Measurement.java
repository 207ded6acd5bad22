package graft.benchmarks;

import java.util.Arrays;

/**
 * Values of one figure over interleaved rounds.
 *
 * @param values one a round, in the figure's unit
 */
record Measurement(double[] values) {
    Measurement {
        if (values.length == 0) throw new IllegalArgumentException("no rounds");
        values = values.clone();
    }

    double median() {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    double least() {
        return Arrays.stream(values).min().orElseThrow();
    }

    double most() {
        return Arrays.stream(values).max().orElseThrow();
    }

    /** Round by round: only figures of the same minute are compared, because the machine's speed changes. */
    Measurement over(Measurement other) {
        double[] ratios = new double[values.length];
        for (int i = 0; i < ratios.length; i++) ratios[i] = values[i] / other.values[i];
        return new Measurement(ratios);
    }

    Measurement times(double factor) {
        return new Measurement(Arrays.stream(values).map(value -> value * factor).toArray());
    }
}
