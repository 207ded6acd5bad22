package graft.engine;

import java.util.Objects;
import java.util.Optional;

/**
 * How a sequence ended and what it took: the figures a bill is made of.
 *
 * @param reason             why it ended
 * @param promptTokens       tokens of the prompt
 * @param cachedPromptTokens those of them found in the prefix cache and not computed
 * @param generatedTokens    tokens delivered to the sink, a stop token included
 * @param queueMicros        waiting before the first step, in microseconds
 * @param engineMicros       this sequence's share of busy engine time, in microseconds
 * @param failure            what went wrong, for the log and the client; only with {@link Reason#FAILED}
 */
public record Finished(Reason reason, int promptTokens, int cachedPromptTokens, int generatedTokens, long queueMicros,
        long engineMicros, Optional<String> failure) {
    public Finished {
        Objects.requireNonNull(reason);
        Objects.requireNonNull(failure);
    }

    public enum Reason { STOP_TOKEN, LENGTH, CANCELLED, FAILED }
}
