package graft.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Values gathered over interleaved rounds, by figure. Belongs to one thread. */
final class Rounds {
    private final Map<String, List<Double>> values = new LinkedHashMap<>();
    private boolean counting;

    /** Rounds before this warm caches and code and are forgotten. */
    void count() {
        counting = true;
    }

    void add(String figure, double value) {
        if (!counting) return;
        System.err.printf(Locale.ROOT, "  %s: %.3f%n", figure, value); // so that a run that is cut off tells something
        values.computeIfAbsent(figure, name -> new ArrayList<>()).add(value);
    }

    boolean has(String figure) {
        return values.containsKey(figure);
    }

    Measurement of(String figure) {
        return new Measurement(values.get(figure).stream().mapToDouble(Double::doubleValue).toArray());
    }

    Iterable<String> figures() {
        return values.keySet();
    }
}
