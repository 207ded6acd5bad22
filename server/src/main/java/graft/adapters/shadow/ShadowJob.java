package graft.adapters.shadow;

import graft.engine.EngineAdapter;
import graft.engine.InferenceEngine;
import graft.engine.Sampling;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * A request that was answered, to be answered again by a candidate.
 *
 * @param owner     of the adapter, who sees the comparison and pays for it
 * @param version   that answered
 * @param candidate the version to compare it with
 * @param answer    tokens of the real answer
 * @param micros    that it took
 * @param text      of tokens; empty texts for a base without a tokeniser
 */
public record ShadowJob(String requestId, String askedBy, String owner, String adapter, String alias, int version,
        EngineAdapter candidate, InferenceEngine engine, int[] prompt, int maxNewTokens, Sampling sampling,
        Set<Integer> stopTokens, List<Integer> answer, long micros, Function<int[], String> text) {
    public ShadowJob {
        Objects.requireNonNull(candidate);
        Objects.requireNonNull(engine);
        stopTokens = Set.copyOf(stopTokens);
        answer = List.copyOf(answer);
    }
}
