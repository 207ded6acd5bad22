package graft.generation;

import graft.knowledge.Passage;
import graft.knowledge.Retrieval;
import java.util.List;
import java.util.Optional;

/**
 * A finished and settled answer.
 *
 * @param endedByLength for each choice, whether it ran into its limit (else it stopped)
 * @param shown         passages that were in the prompt, as numbered
 * @param costMicros    millionths of the currency's unit
 * @param queueMicros   the longest wait of its sequences
 * @param engineMicros  their share of engine time together
 */
public record Summary(List<Boolean> endedByLength, int promptTokens, int cachedPromptTokens, int generatedTokens,
        Optional<Retrieval.Retrieved> retrieved, List<Passage> shown, int unverifiedQuotes, long costMicros,
        String currency, long queueMicros, long engineMicros) {
    public Summary {
        endedByLength = List.copyOf(endedByLength);
        shown = List.copyOf(shown);
    }
}
