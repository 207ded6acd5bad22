package graft.engine;

import graft.engine.GeneratedToken.Alternative;
import graft.scheduling.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Chooses a toy token: bias, the grammar's mask, then greedy or a draw at the temperature. Nucleus, top-k, min-p and
 * penalties are the real engines' matter and are not applied here. One a sequence, engine's thread only.
 */
final class ToySampler {
    private final EngineRequest request;
    private final Random random;

    ToySampler(EngineRequest request) {
        this.request = request;
        this.random = request.sampling().seed().isPresent() ? new Random(request.sampling().seed().getAsLong())
                : new Random();
    }

    /** What a slice leads to: its draft as far as it comes true, and the token behind it. */
    List<GeneratedToken> choose(ToyModel toy, Slice slice) {
        List<GeneratedToken> chosen = new ArrayList<>();
        int[] tokens = Arrays.copyOf(slice.sequence().tokens(), slice.end());
        for (int next = slice.start() + slice.certain(); ; next++) {
            GeneratedToken token = choose(toy.logits(request, Arrays.copyOf(tokens, next)));
            chosen.add(token);
            if (next == slice.end() || slice.token(next) != token.id()) return chosen;
            tokens[next] = token.id();
        }
    }

    GeneratedToken choose(float[] logits) {
        double logsumexp = logsumexp(logits);
        List<Alternative> top = IntStream.range(0, logits.length).boxed()
                .sorted(Comparator.comparingDouble(i -> -logits[i])).limit(request.topLogprobs())
                .map(i -> new Alternative(i, (float) (logits[i] - logsumexp))).toList();
        float[] masked = logits.clone();
        request.sampling().logitBias().forEach((token, bias) -> masked[token] += bias.floatValue());
        request.constraint().ifPresent(constraint -> constraint.mask(masked));
        int token = request.sampling().temperature() == 0 ? likeliest(masked) : draw(masked);
        request.constraint().ifPresent(constraint -> constraint.accept(token));
        float reported = request.topLogprobs() == 0 ? 0 : (float) logsumexp;
        return new GeneratedToken(token, (float) (logits[token] - logsumexp), reported, top);
    }

    private int draw(float[] logits) {
        double temperature = request.sampling().temperature();
        double most = logits[likeliest(logits)];
        double[] weights = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) sum += weights[i] = Math.exp((logits[i] - most) / temperature);
        double left = random.nextDouble() * sum;
        for (int i = 0; i < weights.length; i++) {
            left -= weights[i];
            if (left < 0) return i;
        }
        return likeliest(logits);
    }

    private static int likeliest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
        return best;
    }

    private static double logsumexp(float[] logits) {
        double most = logits[likeliest(logits)];
        double sum = 0;
        for (float logit : logits) sum += Math.exp(logit - most);
        return most + Math.log(sum);
    }
}
