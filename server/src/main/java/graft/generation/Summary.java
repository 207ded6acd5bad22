package graft.generation;

import graft.knowledge.Passage;
import graft.knowledge.Retrieval;
import java.util.List;
import java.util.Optional;

/**
 * A finished and settled answer.
 *
 * @param ends         how each choice ended
 * @param shown        passages that were in the prompt, as numbered
 * @param costMicros   millionths of the currency's unit
 * @param queueMicros  the longest wait of its sequences
 * @param engineMicros their share of engine time together
 */
public record Summary(List<End> ends, int promptTokens, int cachedPromptTokens, int generatedTokens,
        Optional<Retrieval.Retrieved> retrieved, List<Passage> shown, int unverifiedQuotes, long costMicros,
        String currency, long queueMicros, long engineMicros) {
    public Summary {
        ends = List.copyOf(ends);
        shown = List.copyOf(shown);
    }

    /** It stopped, it ran into its limit, or it calls functions. */
    public enum End { STOP, LENGTH, TOOL_CALLS }
}
