package graft.generation;

import graft.admission.ResolvedModel;
import graft.engine.Sampling;
import java.util.List;
import java.util.Set;

/**
 * One finished answer whose alias has a candidate to be compared with, as the engine met it.
 *
 * @param shadow  the candidate
 * @param adapter that answered
 * @param tokens  of the answer
 * @param micros  from submission to the last token
 */
public record Answered(String requestId, String tenantId, ResolvedModel.Shadow shadow, ResolvedModel.Adapter adapter,
        EngineModel model, int[] prompt, int maxTokens, Sampling sampling, Set<Integer> stopTokens,
        List<Integer> tokens, long micros) {}
