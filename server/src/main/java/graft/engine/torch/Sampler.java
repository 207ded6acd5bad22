package graft.engine.torch;

import graft.engine.EngineRequest;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.engine.TokenConstraint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Chooses one sequence's tokens from its logits. Each draw takes one number from the sequence's own generator, so a
 * seed repeats an answer whatever else is in the batch. Belongs to the engine's thread.
 */
final class Sampler {
    private final Sampling sampling;
    private final int topLogprobs;
    private final Optional<TokenConstraint> constraint;
    private final SplittableRandom random;
    private final Set<Integer> seen = new HashSet<>();
    private final Map<Integer, Integer> answered = new HashMap<>();

    Sampler(EngineRequest request) {
        sampling = request.sampling();
        topLogprobs = request.topLogprobs();
        constraint = request.constraint();
        random = sampling.seed().isPresent() ? new SplittableRandom(sampling.seed().getAsLong()) : new SplittableRandom();
        if (sampling.repetitionPenalty() != 1) for (int token : request.prompt()) seen.add(token);
    }

    /** Whether it takes more than the likeliest token. */
    boolean readsLogits() {
        return sampling.temperature() != 0 || topLogprobs > 0 || !plain();
    }

    /** @param chances with all logits if {@link #readsLogits()}; they are not changed */
    GeneratedToken next(StepOutput.Chances chances) {
        if (!readsLogits()) {
            answered.merge(chances.likeliest(), 1, Integer::sum);
            return new GeneratedToken(chances.likeliest(), chances.largest() - chances.logsumexp(), 0, List.of());
        }
        return next(chances.logits(), chances.logsumexp());
    }

    /**
     * @param logits    the model's own, not changed
     * @param logsumexp of them
     */
    GeneratedToken next(float[] logits, float logsumexp) {
        float[] adjusted = adjusted(logits);
        int token = sampling.temperature() == 0 ? best(adjusted) : Draw.from(adjusted, sampling, random.nextDouble());
        constraint.ifPresent(grammar -> grammar.accept(token));
        answered.merge(token, 1, Integer::sum);
        if (sampling.repetitionPenalty() != 1) seen.add(token);
        List<GeneratedToken.Alternative> top = new ArrayList<>();
        for (int id : likeliest(logits, topLogprobs))
            top.add(new GeneratedToken.Alternative(id, logits[id] - logsumexp));
        return new GeneratedToken(token, logits[token] - logsumexp, topLogprobs > 0 ? logsumexp : 0, top);
    }

    /** Whether the model's own logits decide. */
    private boolean plain() {
        return sampling.logitBias().isEmpty() && sampling.repetitionPenalty() == 1 && constraint.isEmpty()
                && sampling.frequencyPenalty() == 0 && sampling.presencePenalty() == 0;
    }

    private float[] adjusted(float[] logits) {
        if (plain()) return logits;
        float[] adjusted = logits.clone();
        sampling.logitBias().forEach((token, bias) -> {
            if (token >= 0 && token < adjusted.length) adjusted[token] += bias.floatValue();
        });
        if (sampling.repetitionPenalty() != 1) {
            float penalty = (float) sampling.repetitionPenalty();
            for (int token : seen) adjusted[token] = adjusted[token] > 0 ? adjusted[token] / penalty : adjusted[token] * penalty;
        }
        answered.forEach((token, times) ->
                adjusted[token] -= (float) (sampling.frequencyPenalty() * times + sampling.presencePenalty()));
        constraint.ifPresent(grammar -> grammar.mask(adjusted));
        return adjusted;
    }

    /** The first of the largest. */
    static int best(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
        return best;
    }

    /** Ids of the largest values, largest first; of equals the smaller id first. */
    static int[] likeliest(float[] values, int count) {
        int[] ids = new int[Math.min(count, values.length)];
        int found = 0;
        for (int id = 0; id < values.length && ids.length > 0; id++) {
            if (found == ids.length && !(values[id] > values[ids[found - 1]])) continue;
            int at = found < ids.length ? found++ : found - 1;
            while (at > 0 && values[id] > values[ids[at - 1]]) {
                ids[at] = ids[at - 1];
                at--;
            }
            ids[at] = id;
        }
        return Arrays.copyOf(ids, found);
    }
}
