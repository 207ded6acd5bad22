package graft.metering;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps the number of time series bounded: the first so many values of a label keep their name, later ones share
 * {@code other}. Any thread may call.
 */
final class BoundedLabels {
    static final String OTHER = "other";
    private final int most;
    private final Set<String> known = ConcurrentHashMap.newKeySet();

    BoundedLabels(int most) {
        if (most < 1) throw new IllegalArgumentException("most " + most);
        this.most = most;
    }

    String bounded(String value) {
        if (known.contains(value)) return value;
        synchronized (known) {
            if (known.contains(value)) return value;
            if (known.size() >= most) return OTHER;
            known.add(value);
            return value;
        }
    }
}
