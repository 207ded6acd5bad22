package graft.admission;

import java.time.Duration;
import java.util.Objects;

/**
 * May this caller do this now: requests and tokens per minute, requests at once, and the budget, decided together in
 * one transaction that also reserves the worst case. A refusal is a value. Any thread may call; waits for the database.
 */
@FunctionalInterface
public interface Admission {
    /** @throws graft.registry.DatabaseUnavailableException when nothing could be decided; then nothing is reserved */
    Decision admit(AdmissionRequest request);

    /** What became of it. */
    sealed interface Decision permits Admitted, Refused {}

    /**
     * @param message    for the client
     * @param retryAfter when asking again makes sense
     * @param limits     where the tenant stands, for the x-ratelimit headers
     */
    record Refused(Kind kind, String message, Duration retryAfter, RateLimits limits) implements Decision {
        public Refused {
            Objects.requireNonNull(kind);
            Objects.requireNonNull(message);
            Objects.requireNonNull(retryAfter);
            Objects.requireNonNull(limits);
        }
    }

    /** RATE becomes 429 rate_limit_exceeded with Retry-After, QUOTA 429 insufficient_quota. */
    enum Kind { RATE, QUOTA }
}
