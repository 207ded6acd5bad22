package graft.weights;

import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Rotary position frequencies exactly as transformers 5 computes them (modeling_rope_utils.py), in the same order of
 * float32 operations. Immutable.
 *
 * @param inverseFrequencies one per pair of dimensions, float32
 * @param attentionFactor    multiplies cos and sin; 1 but for yarn
 */
public record RopeTable(float[] inverseFrequencies, double attentionFactor) {

    /**
     * @param theta     the base of the wavelengths
     * @param dimension rotated dimensions of a head, even
     * @param length    longest sequence that will be served; only {@link RopeScaling.Dynamic} depends on it
     */
    public static RopeTable of(RopeScaling scaling, double theta, int dimension, int length) {
        if (dimension < 2 || dimension % 2 != 0) throw new IllegalArgumentException("rotary dimension " + dimension);
        return switch (scaling) {
            case RopeScaling.None _ -> new RopeTable(inverse(theta, dimension), 1);
            case RopeScaling.Linear linear -> new RopeTable(divided(inverse(theta, dimension), linear.factor()), 1);
            case RopeScaling.Dynamic dynamic ->
                    new RopeTable(inverse(stretched(theta, dimension, dynamic, length), dimension), 1);
            case RopeScaling.Llama3 llama -> new RopeTable(blended(inverse(theta, dimension), llama), 1);
            case RopeScaling.Divided divided ->
                    new RopeTable(divided(inverse(theta, dimension), divided.divisors()), 1);
            case RopeScaling.Yarn yarn -> new RopeTable(yarn(theta, dimension, yarn), yarn.attentionFactor());
        };
    }

    /** Cosines [length, pairs] of the positions, row by row, scaled by the attention factor. */
    public float[] cos(int length) {
        return table(length, Math::cos);
    }

    /** Sines [length, pairs] of the positions, row by row, scaled by the attention factor. */
    public float[] sin(int length) {
        return table(length, Math::sin);
    }

    private float[] table(int length, DoubleUnaryOperator function) {
        int pairs = inverseFrequencies.length;
        float[] table = new float[Math.multiplyExact(length, pairs)];
        float factor = (float) attentionFactor;
        for (int position = 0; position < length; position++) {
            for (int pair = 0; pair < pairs; pair++) {
                float angle = position * inverseFrequencies[pair];
                table[position * pairs + pair] = (float) function.applyAsDouble(angle) * factor;
            }
        }
        return table;
    }

    private static float power(double theta, int pair, int dimension) {
        return (float) Math.pow((float) theta, 2f * pair / dimension);
    }

    private static float[] inverse(double theta, int dimension) {
        float[] inverse = new float[dimension / 2];
        for (int pair = 0; pair < inverse.length; pair++) inverse[pair] = 1f / power(theta, pair, dimension);
        return inverse;
    }

    private static float[] divided(float[] inverse, double factor) {
        for (int pair = 0; pair < inverse.length; pair++) inverse[pair] /= (float) factor;
        return inverse;
    }

    private static float[] divided(float[] inverse, List<Float> divisors) {
        if (divisors.size() != inverse.length) {
            throw new IllegalArgumentException(divisors.size() + " rotary divisors for " + inverse.length
                    + " frequencies");
        }
        for (int pair = 0; pair < inverse.length; pair++) inverse[pair] /= divisors.get(pair);
        return inverse;
    }

    private static double stretched(double theta, int dimension, RopeScaling.Dynamic dynamic, int length) {
        double longest = Math.max(length, dynamic.maxPositions());
        double growth = dynamic.factor() * longest / dynamic.maxPositions() - (dynamic.factor() - 1);
        return theta * Math.pow(growth, (double) dimension / (dimension - 2));
    }

    private static float[] blended(float[] inverse, RopeScaling.Llama3 llama) {
        double original = llama.originalMaxPositions();
        float lowWavelength = (float) (original / llama.lowFrequencyFactor());
        float highWavelength = (float) (original / llama.highFrequencyFactor());
        float factor = (float) llama.factor();
        float range = (float) (llama.highFrequencyFactor() - llama.lowFrequencyFactor());
        for (int pair = 0; pair < inverse.length; pair++) {
            float wavelength = (float) (2 * Math.PI) / inverse[pair];
            if (wavelength > lowWavelength) {
                inverse[pair] = inverse[pair] / factor;
            } else if (!(wavelength < highWavelength)) {
                float smooth = ((float) original / wavelength - (float) llama.lowFrequencyFactor()) / range;
                inverse[pair] = (1 - smooth) * inverse[pair] / factor + smooth * inverse[pair];
            }
        }
        return inverse;
    }

    private static float[] yarn(double theta, int dimension, RopeScaling.Yarn yarn) {
        double low = correction(yarn.betaFast(), theta, dimension, yarn.originalMaxPositions());
        double high = correction(yarn.betaSlow(), theta, dimension, yarn.originalMaxPositions());
        if (yarn.truncate()) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, dimension - 1);
        if (low == high) high += 0.001;  // as transformers does, against division by zero
        float[] inverse = new float[dimension / 2];
        for (int pair = 0; pair < inverse.length; pair++) {
            float frequency = power(theta, pair, dimension);
            float extrapolated = 1f / frequency;
            float interpolated = 1f / ((float) yarn.factor() * frequency);
            float ramp = Math.clamp((pair - (float) low) / (float) (high - low), 0f, 1f);
            float extrapolation = 1 - ramp;
            inverse[pair] = interpolated * (1 - extrapolation) + extrapolated * extrapolation;
        }
        return inverse;
    }

    private static double correction(double rotations, double theta, int dimension, int maxPositions) {
        return dimension * Math.log(maxPositions / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
    }
}
