package graft.engine;

import java.util.List;

/**
 * One generated token.
 *
 * @param id        token id
 * @param logprob   natural logarithm of its probability under the model's own distribution (before temperature,
 *                  penalties and masks)
 * @param logsumexp of the raw logits, so that {@code logprob + logsumexp} is the raw logit; 0 if no logprobs were asked
 * @param top       most likely alternatives, likeliest first; empty unless asked for
 */
public record GeneratedToken(int id, float logprob, float logsumexp, List<Alternative> top) {
    public GeneratedToken {
        top = List.copyOf(top);
    }

    public record Alternative(int id, float logprob) {}
}
