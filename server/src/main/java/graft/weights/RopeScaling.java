package graft.weights;

import java.util.List;

/**
 * How a model stretches its rotary positions, with the fields that transformers reads for each kind. Positions, lengths
 * in tokens.
 */
public sealed interface RopeScaling {
    /** Positions as trained. */
    record None() implements RopeScaling {}

    /** All frequencies divided by the factor. */
    record Linear(double factor) implements RopeScaling {}

    /** NTK-aware; grows the base only for sequences longer than {@code maxPositions}. */
    record Dynamic(double factor, int maxPositions) implements RopeScaling {}

    /** Llama 3.1: low frequencies divided, middle ones blended. */
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor,
            int originalMaxPositions) implements RopeScaling {}

    /**
     * YaRN (arXiv 2309.00071).
     *
     * @param attentionFactor the factor on cos and sin, resolved from attention_factor or mscale and mscale_all_dim
     * @param mscaleAllDim    DeepSeek's further factor on the softmax scale (squared mscale); 0 where absent
     */
    record Yarn(double factor, double attentionFactor, double betaFast, double betaSlow, int originalMaxPositions,
            boolean truncate, double mscaleAllDim) implements RopeScaling {}

    /** Each frequency divided by its own number: how GGUF files carry Llama 3.1's scaling. */
    record Divided(List<Float> divisors) implements RopeScaling {
        public Divided {
            divisors = List.copyOf(divisors);
        }
    }
}
