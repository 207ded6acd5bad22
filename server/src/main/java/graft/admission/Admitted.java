package graft.admission;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The right to go on, and what is held for it: a place among the requests at once, the worst case's tokens and money.
 * Close it once the usage row is settled, on every path; closing twice is harmless. What a killed server held is freed
 * when its lease ends.
 */
public final class Admitted implements Admission.Decision, AutoCloseable {
    private final RateLimits limits;
    private final Runnable release;
    private final Correction correction;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Changes what is held once more is known of the request. */
    @FunctionalInterface
    public interface Correction {
        /** @return why not, if it now asks for more than is left; what was held is held still */
        Optional<Admission.Refused> to(AdmissionRequest exact);
    }

    /** Holds nothing that could be corrected. */
    public Admitted(RateLimits limits, Runnable release) {
        this(limits, release, _ -> Optional.empty());
    }

    public Admitted(RateLimits limits, Runnable release, Correction correction) {
        this.limits = Objects.requireNonNull(limits);
        this.release = Objects.requireNonNull(release);
        this.correction = Objects.requireNonNull(correction);
    }

    /** @return why not; then close this */
    public Optional<Admission.Refused> correct(AdmissionRequest exact) {
        return correction.to(exact);
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
