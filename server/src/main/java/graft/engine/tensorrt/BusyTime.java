package graft.engine.tensorrt;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Divides wall-clock time over requests: while the executor has some, each moment is split evenly over them, else it is
 * idle. TensorRT-LLM tells no request's share of a step; this rule needs none, and shares and idle time add up to the
 * wall clock to the microsecond. Not safe from several threads: its owner locks.
 */
final class BusyTime {
    /** One request's share so far, in microseconds. */
    static final class Share {
        private long micros;

        long micros() {
            return micros;
        }
    }

    private final Set<Share> open = new LinkedHashSet<>();
    private long markMicros;
    private long busyMicros;
    private long idleMicros;
    private int turn;

    BusyTime(long nowMicros) {
        markMicros = nowMicros;
    }

    Share start(long nowMicros) {
        count(nowMicros);
        Share share = new Share();
        open.add(share);
        return share;
    }

    void end(Share share, long nowMicros) {
        count(nowMicros);
        open.remove(share);
    }

    /** Counts the time up to now. */
    void count(long nowMicros) {
        long elapsed = Math.max(0, nowMicros - markMicros);
        markMicros = Math.max(markMicros, nowMicros);
        if (open.isEmpty()) {
            idleMicros += elapsed;
            return;
        }
        busyMicros += elapsed;
        long each = elapsed / open.size();
        int rest = (int) (elapsed % open.size());
        List<Share> shares = new ArrayList<>(open);
        for (Share share : shares) share.micros += each;
        // What doesn't divide goes around, so that nobody always pays it.
        for (int i = 0; i < rest; i++) shares.get(Math.floorMod(turn++, shares.size())).micros++;
    }

    long busyMicros() {
        return busyMicros;
    }

    long idleMicros() {
        return idleMicros;
    }
}
