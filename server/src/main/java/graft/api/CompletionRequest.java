package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.generation.GenerationRequest.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * POST /v1/completions.
 *
 * @param prompt a text, a list of texts, a list of token ids or a list of such lists
 */
record CompletionRequest(String model, JsonNode prompt, Double temperature, Double topP, Integer topK, Double minP,
        Double repetitionPenalty, Double frequencyPenalty, Double presencePenalty, Map<String, Double> logitBias,
        Long seed, Boolean ignoreEos, Integer n,
        Integer bestOf, JsonNode stop, Integer maxTokens, Integer logprobs, Boolean echo, String suffix,
        Boolean stream, ChatRequest.StreamOptions streamOptions, String user, JsonNode graft) {
    private static final int MAX_PROMPTS = 64;

    /** OpenAI's only field here that names anybody. */
    Optional<String> sticky() {
        return Models.sticky(null, user, null);
    }

    void refuseWhatWeLack() {
        if (suffix != null && !suffix.isEmpty())
            throw ApiException.invalid("suffix",
                    "'suffix' is not served: no model here is trained to fill in the middle.");
        if (bestOf != null && bestOf != (n == null ? 1 : n))
            throw ApiException.invalid("best_of",
                    "'best_of' must equal 'n': all answers that are generated are returned.");
        if (Boolean.TRUE.equals(echo) && logprobs != null)
            throw ApiException.invalid("echo",
                    "'echo' with 'logprobs' is not served: probabilities of the prompt are not computed.");
        Checks.within("logprobs", logprobs, 0, 5);
    }

    Prompt prompts() {
        if (prompt == null || prompt.isNull()) throw wrong();
        if (prompt.isTextual()) return new Prompt.Texts(List.of(prompt.asText()));
        if (!prompt.isArray() || prompt.isEmpty()) throw wrong();
        if (prompt.get(0).isIntegralNumber()) return new Prompt.Tokens(List.of(ids(prompt)));
        if (prompt.size() > MAX_PROMPTS) throw ApiException.invalid("prompt", "At most " + MAX_PROMPTS + " prompts.");
        if (prompt.get(0).isTextual()) {
            List<String> texts = new ArrayList<>();
            prompt.forEach(one -> {
                if (!one.isTextual()) throw wrong();
                texts.add(one.asText());
            });
            return new Prompt.Texts(texts);
        }
        List<int[]> lists = new ArrayList<>();
        prompt.forEach(one -> lists.add(ids(one)));
        return new Prompt.Tokens(lists);
    }

    private static int[] ids(JsonNode list) {
        if (!list.isArray()) throw wrong();
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            if (!list.get(i).canConvertToInt() || !list.get(i).isIntegralNumber()) throw wrong();
            ids[i] = list.get(i).asInt();
        }
        return ids;
    }

    private static ApiException wrong() {
        return ApiException.invalid("prompt",
                "'prompt' must be a text, a list of texts, a list of token ids, or a list of such lists.");
    }
}
