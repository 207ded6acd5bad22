package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * POST /v1/chat/completions, with OpenAI's fields, those vLLM adds (top_k, min_p, repetition_penalty, ignore_eos,
 * chat_template_kwargs), and ours in {@code graft}. {@code response_format} holds an answer to JSON, token by token.
 * Fields that change no answer (metadata, store, service_tier, prediction, verbosity) have no component: any value is
 * accepted, and nothing is stored. {@code safety_identifier}, {@code user} and {@code prompt_cache_key} keep a user or a
 * conversation to one side of a split.
 */
record ChatRequest(String model, List<Message> messages, Double temperature, Double topP, Integer topK, Double minP,
        Double repetitionPenalty, Double frequencyPenalty, Double presencePenalty, Map<String, Double> logitBias,
        Long seed, Boolean ignoreEos, Integer n,
        JsonNode stop, Integer maxTokens, Integer maxCompletionTokens, Boolean logprobs, Integer topLogprobs,
        Boolean stream, StreamOptions streamOptions, Map<String, Object> chatTemplateKwargs, String reasoningEffort,
        JsonNode tools, JsonNode toolChoice, Boolean parallelToolCalls, JsonNode functions,
        JsonNode functionCall, JsonNode responseFormat,
        JsonNode audio, List<String> modalities, JsonNode webSearchOptions, JsonNode moderation,
        String safetyIdentifier, String user, String promptCacheKey, JsonNode graft) {

    Optional<String> sticky() {
        return Models.sticky(safetyIdentifier, user, promptCacheKey);
    }

    /** @param content a text, or parts of type text */
    record Message(String role, JsonNode content, String name, JsonNode toolCalls, String toolCallId,
            String reasoningContent, JsonNode audio, JsonNode functionCall) {}

    record StreamOptions(Boolean includeUsage, Boolean includeObfuscation) {}

    /** What we don't do is said, not ignored: an answer without it would be wrong and look right. */
    void refuseWhatWeLack() {
        lacking("audio", audio);
        lacking("web_search_options", webSearchOptions);
        lacking("moderation", moderation);
        if (given(functions)) throw ApiException.invalid("functions", "'functions' is not served: use 'tools'.");
        if (given(functionCall))
            throw ApiException.invalid("function_call", "'function_call' is not served: use 'tool_choice'.");
        if (modalities != null && !modalities.equals(List.of("text")))
            throw ApiException.invalid("modalities", "Only the modality 'text' is served.");
        if (Boolean.TRUE.equals(ignoreEos) && ResponseFormat.of(responseFormat).isPresent())
            throw ApiException.invalid("ignore_eos", "An answer of a 'response_format' ends where it is complete.");
    }

    private static boolean given(JsonNode field) {
        return field != null && !field.isNull();
    }

    private static void lacking(String name, JsonNode value) {
        if (given(value)) throw ApiException.invalid(name, "'" + name + "' is not served.");
    }
}
