package graft.engine;

import java.util.Map;
import java.util.OptionalLong;

/**
 * How the next token is chosen, with OpenAI's meanings (platform reference, chat completions) and, for top_k, min_p
 * and repetition_penalty, those of transformers' generation config.
 *
 * @param temperature       0 is greedy; else logits are divided by it
 * @param topP              nucleus mass kept, in (0, 1]
 * @param topK              most likely tokens kept; 0 keeps all
 * @param minP              keeps tokens at least this share as likely as the likeliest; 0 keeps all
 * @param frequencyPenalty  subtracted from a logit for each time the answer already holds the token
 * @param presencePenalty   subtracted once if the answer already holds the token
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens in prompt or answer; 1 is off
 * @param seed              makes the draw repeatable; absent means random
 * @param logitBias         added to the logit of a token id before anything else
 */
public record Sampling(double temperature, double topP, int topK, double minP, double frequencyPenalty,
        double presencePenalty, double repetitionPenalty, OptionalLong seed, Map<Integer, Double> logitBias) {
    public static final Sampling GREEDY = new Sampling(0, 1, 0, 0, 0, 0, 1, OptionalLong.empty(), Map.of());

    public Sampling {
        logitBias = Map.copyOf(logitBias);
        if (!(temperature >= 0)) throw new IllegalArgumentException("temperature " + temperature);
        if (!(topP > 0 && topP <= 1)) throw new IllegalArgumentException("topP " + topP);
        if (topK < 0) throw new IllegalArgumentException("topK " + topK);
        if (!(minP >= 0 && minP <= 1)) throw new IllegalArgumentException("minP " + minP);
        if (!(repetitionPenalty > 0)) throw new IllegalArgumentException("repetitionPenalty " + repetitionPenalty);
    }
}
