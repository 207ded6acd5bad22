package graft.adapters;

import java.util.concurrent.locks.LockSupport;

/** Holds all loads together to a rate, so that loading leaves bandwidth to what is running. Any thread may call. */
final class Throttle {
    private final long bytesPerSecond;
    private long freeAt = System.nanoTime();

    /** @param bytesPerSecond 0 is no limit */
    Throttle(long bytesPerSecond) {
        if (bytesPerSecond < 0) throw new IllegalArgumentException("bytesPerSecond " + bytesPerSecond);
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Returns when these bytes are within the rate; an idle time is not saved up. */
    void pass(long bytes) {
        if (bytesPerSecond == 0) return;
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
