package graft.admission;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The right to go on, and what is held for it: a place among the requests at once, the worst case's tokens and money.
 * Close it once the usage row is settled, on every path; closing twice is harmless. What a killed server held is freed
 * when its lease ends.
 */
public final class Admitted implements Admission.Decision, AutoCloseable {
    private final RateLimits limits;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    public Admitted(RateLimits limits, Runnable release) {
        this.limits = Objects.requireNonNull(limits);
        this.release = Objects.requireNonNull(release);
    }

    /** Where the tenant stands after this request, for the x-ratelimit headers. */
    public RateLimits limits() {
        return limits;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) release.run();
    }
}
