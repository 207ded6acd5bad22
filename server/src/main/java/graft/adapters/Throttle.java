package graft.adapters;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Holds all loads together to a rate, so that loading leaves bandwidth to what is running; while nothing runs there is
 * nobody to leave it to. Any thread may call.
 */
final class Throttle {
    private final long bytesPerSecond;
    private final BooleanSupplier streaming;
    private long freeAt = System.nanoTime();

    /**
     * @param bytesPerSecond 0 is no limit
     * @param streaming      whether answers are running
     */
    Throttle(long bytesPerSecond, BooleanSupplier streaming) {
        if (bytesPerSecond < 0) throw new IllegalArgumentException("bytesPerSecond " + bytesPerSecond);
        this.bytesPerSecond = bytesPerSecond;
        this.streaming = streaming;
    }

    /** Returns when these bytes are within the rate, or nothing runs; an idle time is not saved up. */
    void pass(long bytes) {
        if (bytesPerSecond == 0 || !streaming.getAsBoolean()) return;
        long until = reserve(bytes);
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private synchronized long reserve(long bytes) {
        long nanos = (long) (bytes * 1e9 / bytesPerSecond);
        freeAt = Math.max(freeAt, System.nanoTime()) + nanos;
        return freeAt;
    }
}
