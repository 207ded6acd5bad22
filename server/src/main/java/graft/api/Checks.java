package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.engine.Sampling;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Fields that several endpoints share, with OpenAI's ranges; a refusal names the field. */
final class Checks {
    private static final int MAX_STOPS = 16;
    private static final int MAX_STOP_LENGTH = 512;
    /** The smallest nucleus: only the likeliest token; top_p 0 means the same. */
    private static final double LEAST_TOP_P = 1e-9;

    private Checks() {}

    static void within(String name, Integer value, int least, int most) {
        if (value != null && (value < least || value > most))
            throw ApiException.invalid(name, "'" + last(name) + "' must be from " + least + " to " + most + ".");
    }

    private static double within(String name, Double value, double byDefault, double least, double most) {
        if (value == null) return byDefault;
        if (!(value >= least && value <= most))
            throw ApiException.invalid(name, "'" + name + "' must be from " + least + " to " + most + ".");
        return value;
    }

    private static String last(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** What the sampling of both completion endpoints is made of. */
    record SamplingFields(Double temperature, Double topP, Integer topK, Double minP, Double frequencyPenalty,
            Double presencePenalty, Double repetitionPenalty, Long seed, Map<String, Double> logitBias) {}

    static Sampling sampling(SamplingFields asked) {
        within("top_k", asked.topK, -1, Integer.MAX_VALUE);
        double repetition = asked.repetitionPenalty == null ? 1 : asked.repetitionPenalty;
        if (!(repetition > 0 && repetition <= 100))
            throw ApiException.invalid("repetition_penalty", "'repetition_penalty' must be above 0 and at most 100.");
        return new Sampling(within("temperature", asked.temperature, 1, 0, 2),
                Math.max(LEAST_TOP_P, within("top_p", asked.topP, 1, 0, 1)),
                asked.topK == null ? 0 : Math.max(0, asked.topK), within("min_p", asked.minP, 0, 0, 1),
                within("frequency_penalty", asked.frequencyPenalty, 0, -2, 2),
                within("presence_penalty", asked.presencePenalty, 0, -2, 2), repetition,
                asked.seed == null ? OptionalLong.empty() : OptionalLong.of(asked.seed), logitBias(asked.logitBias));
    }

    private static Map<Integer, Double> logitBias(Map<String, Double> asked) {
        Map<Integer, Double> biases = new HashMap<>();
        if (asked == null) return biases;
        if (asked.size() > 1024) throw ApiException.invalid("logit_bias", "At most 1024 tokens can be biased.");
        asked.forEach((token, bias) -> {
            if (!token.matches("\\d{1,9}") || bias == null || !(bias >= -100 && bias <= 100))
                throw ApiException.invalid("logit_bias", "'logit_bias' maps token ids to numbers from -100 to 100.");
            biases.put(Integer.valueOf(token), bias);
        });
        return biases;
    }

    /** @throws ApiException 400 for a biased token that the model does not have */
    static void inVocabulary(Sampling sampling, int vocabularySize) {
        sampling.logitBias().keySet().stream().filter(token -> token >= vocabularySize).findFirst().ifPresent(token -> {
            throw ApiException.invalid("logit_bias", "Token " + token + " is outside the vocabulary of "
                    + vocabularySize + ".");
        });
    }

    /** A text, a list of texts, or nothing. */
    static List<String> stops(JsonNode stop) {
        if (stop == null || stop.isNull()) return List.of();
        List<String> stops = new ArrayList<>();
        if (stop.isTextual()) stops.add(stop.asText());
        else if (stop.isArray() && stop.size() <= MAX_STOPS) stop.forEach(one -> stops.add(one.isTextual()
                ? one.asText() : ""));
        else throw ApiException.invalid("stop", "'stop' must be a text or a list of at most " + MAX_STOPS + " texts.");
        if (stops.stream().anyMatch(one -> one.isEmpty() || one.length() > MAX_STOP_LENGTH))
            throw ApiException.invalid("stop", "A stop text must have 1 to " + MAX_STOP_LENGTH + " characters.");
        return stops;
    }

    static OptionalInt maxTokens(String name, Integer value) {
        within(name, value, 1, Integer.MAX_VALUE);
        return value == null ? OptionalInt.empty() : OptionalInt.of(value);
    }

    static int choices(Integer n, int prompts, int most) {
        within("n", n, 1, most);
        int choices = n == null ? 1 : n;
        if (choices * (long) prompts > most)
            throw ApiException.invalid("n", "A request may have at most " + most + " choices over all its prompts.");
        return choices;
    }

    static boolean includeUsage(Boolean stream, ChatRequest.StreamOptions options) {
        if (options == null) return false;
        if (!Boolean.TRUE.equals(stream))
            throw ApiException.invalid("stream_options", "'stream_options' is only allowed when 'stream' is true.");
        return Boolean.TRUE.equals(options.includeUsage());
    }
}
