package graft.engine;

import java.time.Duration;

/** What became of a submission: a refusal is a value, not an exception. */
public sealed interface Submission {
    /** In the inbox; {@code sequenceId} is what {@link InferenceEngine#cancel} takes. */
    record Accepted(long sequenceId) implements Submission {}

    /** The inbox is full; nothing was kept. */
    record Busy(Duration retryAfter) implements Submission {}
}
