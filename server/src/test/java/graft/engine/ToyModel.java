package graft.engine;

import java.util.List;
import java.util.Map;

/**
 * What a {@link FakeEngine} computes instead of a transformer: the logits of the next token as a function of all
 * tokens so far and the adapters. Deterministic; called on the engine's thread.
 */
@FunctionalInterface
public interface ToyModel {
    /**
     * @param tokens prompt and answer so far
     * @return one logit for each row of the vocabulary, fresh on every call
     */
    float[] logits(EngineRequest request, int[] tokens);

    /** Every token depends on all before it and on each adapter's digest and scale; never says a stop token. */
    static ToyModel hashing(int vocabularySize) {
        return (request, tokens) -> {
            long state = 17;
            for (EngineAdapter adapter : request.adapters())
                state = mix(state, adapter.digest().hashCode() + Double.hashCode(adapter.scale()));
            for (int token : tokens) state = mix(state, token);
            float[] logits = new float[vocabularySize];
            for (int i = 0; i < logits.length; i++) logits[i] = (mix(state, i) >>> 40) / (float) (1 << 22);
            for (int stop : request.stopTokens()) if (stop >= 0 && stop < logits.length) logits[stop] = -100;
            return logits;
        };
    }

    /** Says this, then the request's smallest stop token (or begins again where there is none). */
    static ToyModel saying(int vocabularySize, int... answer) {
        return (request, tokens) -> favouring(vocabularySize, tokenAt(answer, tokens.length - request.prompt().length,
                request));
    }

    /** Says the prompt again, then the request's smallest stop token. */
    static ToyModel echoing(int vocabularySize) {
        return (request, tokens) -> favouring(vocabularySize, tokenAt(request.prompt(),
                tokens.length - request.prompt().length, request));
    }

    /** Speaks as the model that is told by the name of the request's first adapter, or as the base. */
    static ToyModel byAdapter(ToyModel base, Map<String, ToyModel> byName) {
        return (request, tokens) -> {
            List<EngineAdapter> adapters = request.adapters();
            ToyModel model = adapters.isEmpty() ? base : byName.getOrDefault(adapters.getFirst().name(), base);
            return model.logits(request, tokens);
        };
    }

    private static int tokenAt(int[] answer, int index, EngineRequest request) {
        if (index < answer.length) return answer[index];
        return request.stopTokens().stream().min(Integer::compare).orElse(answer[index % answer.length]);
    }

    private static float[] favouring(int vocabularySize, int token) {
        float[] logits = new float[vocabularySize];
        for (int i = 0; i < vocabularySize; i++) logits[i] = i == token ? 10 : -(i % 7);
        return logits;
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long a, long b) {
        long z = a * 0x9E3779B97F4A7C15L + b + 1;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
