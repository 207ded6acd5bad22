package graft.engine;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * One sequence to compute: a prompt and how to continue it.
 *
 * @param requestId       for logs; says nothing about the content
 * @param tenant          whose turn it is (fairness) and whose cached prefixes may be shared (salt)
 * @param flow            whose turn it is among the tenant's own requests, as a gateway says it; empty for none
 * @param prompt          token ids, at least one
 * @param maxNewTokens    at least 1
 * @param sampling        how a token is chosen from the logits
 * @param adapters        none (base), one, or several to be added up (composition)
 * @param stopTokens      ids that end the answer; such a token is counted and not delivered as text
 * @param topLogprobs     how many alternatives to report a token; 0 means none, at most 64
 * @param constraint      a grammar that masks tokens, if the answer must follow one
 * @param allowance       how many tokens may be generated until {@link InferenceEngine#allow} says more
 */
public record EngineRequest(String requestId, String tenant, String flow, int[] prompt, int maxNewTokens,
        Sampling sampling, List<EngineAdapter> adapters, Set<Integer> stopTokens, int topLogprobs,
        Optional<TokenConstraint> constraint, int allowance) {
    public static final int MAX_TOP_LOGPROBS = 64;

    public EngineRequest {
        Objects.requireNonNull(requestId);
        Objects.requireNonNull(tenant);
        Objects.requireNonNull(flow);
        Objects.requireNonNull(sampling);
        Objects.requireNonNull(constraint);
        adapters = List.copyOf(adapters);
        stopTokens = Set.copyOf(stopTokens);
        if (prompt.length == 0) throw new IllegalArgumentException("empty prompt");
        if (maxNewTokens < 1) throw new IllegalArgumentException("maxNewTokens " + maxNewTokens);
        if (topLogprobs < 0 || topLogprobs > MAX_TOP_LOGPROBS)
            throw new IllegalArgumentException("topLogprobs " + topLogprobs);
        if (allowance < 0) throw new IllegalArgumentException("allowance " + allowance);
    }

    /** Of no flow. */
    public EngineRequest(String requestId, String tenant, int[] prompt, int maxNewTokens, Sampling sampling,
            List<EngineAdapter> adapters, Set<Integer> stopTokens, int topLogprobs,
            Optional<TokenConstraint> constraint, int allowance) {
        this(requestId, tenant, "", prompt, maxNewTokens, sampling, adapters, stopTokens, topLogprobs, constraint,
                allowance);
    }

    /** Of no flow, and never paused. */
    public EngineRequest(String requestId, String tenant, int[] prompt, int maxNewTokens, Sampling sampling,
            List<EngineAdapter> adapters, Set<Integer> stopTokens, int topLogprobs,
            Optional<TokenConstraint> constraint) {
        this(requestId, tenant, prompt, maxNewTokens, sampling, adapters, stopTokens, topLogprobs, constraint,
                Integer.MAX_VALUE);
    }
}
