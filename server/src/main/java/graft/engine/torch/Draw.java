package graft.engine.torch;

import graft.engine.Sampling;
import java.util.Arrays;

/**
 * One draw from logits: temperature, then top_k, top_p and min_p, in the order of transformers' logits warpers, then
 * the token where the running sum of probabilities passes a uniform number. Pure.
 */
final class Draw {
    private Draw() {}

    /** @param uniform in [0, 1) */
    static int from(float[] logits, Sampling sampling, double uniform) {
        double[] weights = weights(logits, sampling.temperature());
        boolean all = sampling.topP() == 1 && (sampling.topK() == 0 || sampling.topK() >= logits.length);
        int[] ids = all ? null : nucleus(weights, sampling);
        int count = all ? weights.length : ids.length;
        double total = 0;
        // The likeliest has weight 1, so min_p is a bound on weights themselves.
        for (int i = 0; i < count; i++) total += kept(weights[all ? i : ids[i]], sampling.minP());
        double target = uniform * total;
        int last = -1;
        for (int i = 0; i < count; i++) {
            int id = all ? i : ids[i];
            double weight = kept(weights[id], sampling.minP());
            if (weight == 0) continue;
            last = id;
            target -= weight;
            if (target < 0) return id;
        }
        return last; // rounding left a rest
    }

    private static double kept(double weight, double minP) {
        return weight >= minP ? weight : 0;
    }

    /** Probabilities relative to the likeliest token's. */
    private static double[] weights(float[] logits, double temperature) {
        float highest = logits[Sampler.best(logits)];
        double[] weights = new double[logits.length];
        for (int i = 0; i < weights.length; i++) weights[i] = Math.exp((logits[i] - highest) / temperature);
        return weights;
    }

    /** The top_k likeliest, and of these the fewest that hold top_p of their mass; likeliest first. */
    private static int[] nucleus(double[] weights, Sampling sampling) {
        double total = Arrays.stream(weights).sum();
        int[] ids = descending(weights, sampling, total);
        double mass = sampling.topK() == 0 ? total : Arrays.stream(ids).mapToDouble(id -> weights[id]).sum();
        double sum = 0;
        int count = 0;
        while (count < ids.length && (count == 0 || sum < sampling.topP() * mass)) sum += weights[ids[count++]];
        return Arrays.copyOf(ids, count);
    }

    private static int[] descending(double[] weights, Sampling sampling, double total) {
        // Tokens below this weigh together less than what top_p leaves out, so none of them is in the nucleus.
        double least = sampling.topK() > 0 ? 0 : (1 - sampling.topP()) * total / weights.length;
        long[] keys = new long[weights.length];
        int count = 0;
        for (int id = 0; id < weights.length; id++) {
            if (weights[id] < least) continue;
            // Weights are not negative, so their bits sort as they do; of equals the smaller id comes first.
            keys[count++] = (long) ~Float.floatToRawIntBits((float) weights[id]) << 32 | id;
        }
        Arrays.sort(keys, 0, count);
        int wanted = sampling.topK() > 0 ? Math.min(sampling.topK(), count) : count;
        int[] ids = new int[wanted];
        for (int i = 0; i < wanted; i++) ids[i] = (int) keys[i];
        return ids;
    }
}
