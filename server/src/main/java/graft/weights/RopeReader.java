package graft.weights;

import java.util.Optional;
import java.util.Set;

/**
 * Reads rope_parameters or rope_scaling as transformers 5 does, kind by kind; a field of unknown meaning is refused.
 */
final class RopeReader {
    private static final Set<String> KNOWN = Set.of("rope_type", "type", "rope_theta", "partial_rotary_factor",
            "factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor", "attention_factor",
            "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate");

    private RopeReader() {}

    /**
     * @param original     the configuration's own original_max_position_embeddings, which wins over the one inside
     * @param maxPositions max_position_embeddings
     */
    static RopeScaling read(JsonFields rope, Optional<Integer> original, int maxPositions) {
        for (String name : rope.names()) {
            if (!KNOWN.contains(name)) throw rope.refused(name, "is not supported");
        }
        if (rope.number("partial_rotary_factor", 1) != 1) {
            throw rope.refused("partial_rotary_factor", "is not supported");
        }
        String type = rope.string("rope_type").or(() -> rope.string("type")).orElse("default");
        return switch (type) {
            case "default" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(positive(rope, "factor"));
            case "dynamic" -> new RopeScaling.Dynamic(positive(rope, "factor"), maxPositions);
            case "llama3" -> llama3(rope, originalPositions(rope, original, maxPositions));
            case "yarn" -> yarn(rope, originalPositions(rope, original, maxPositions), maxPositions);
            default -> throw rope.refused(rope.has("rope_type") ? "rope_type" : "type",
                    "is not supported; default, linear, dynamic, llama3 and yarn are");
        };
    }

    private static int originalPositions(JsonFields rope, Optional<Integer> original, int maxPositions) {
        int positions = original.orElseGet(() -> rope.integer("original_max_position_embeddings", maxPositions));
        if (positions < 1) throw rope.refused("original_max_position_embeddings", "must be positive");
        return positions;
    }

    private static RopeScaling llama3(JsonFields rope, int original) {
        double low = positive(rope, "low_freq_factor");
        double high = positive(rope, "high_freq_factor");
        if (high <= low) throw rope.refused("high_freq_factor", "must be more than low_freq_factor");
        return new RopeScaling.Llama3(positive(rope, "factor"), low, high, original);
    }

    private static RopeScaling yarn(JsonFields rope, int original, int maxPositions) {
        double factor = rope.has("factor") ? positive(rope, "factor") : (double) maxPositions / original;
        double mscale = rope.number("mscale", 0);
        double mscaleAllDim = rope.number("mscale_all_dim", 0);
        double inferred = mscale != 0 && mscaleAllDim != 0 ? mscale(factor, mscale) / mscale(factor, mscaleAllDim)
                : mscale(factor, 1);
        double attentionFactor = rope.has("attention_factor") ? positive(rope, "attention_factor") : inferred;
        if (!Double.isFinite(attentionFactor)) throw rope.refused("mscale", "is not a finite number");
        return new RopeScaling.Yarn(factor, attentionFactor, orElse(rope, "beta_fast", 32),
                orElse(rope, "beta_slow", 1),
                original, rope.flag("truncate", true), mscaleAllDim);
    }

    /** The factor 0.1 m ln(s) + 1 of the paper; 1 where nothing is stretched. */
    static double mscale(double factor, double mscale) {
        return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
    }

    /** Zero means the default, as in Python's {@code x or default}. */
    private static double orElse(JsonFields rope, String name, double fallback) {
        return rope.number(name, 0) == 0 ? fallback : positive(rope, name);
    }

    private static double positive(JsonFields rope, String name) {
        double value = rope.number(name);
        if (!(value > 0) || Double.isInfinite(value)) throw rope.refused(name, "must be a positive number");
        return value;
    }
}
