package graft.engine.remote;

import com.fasterxml.jackson.core.JsonGenerator;
import graft.engine.EngineRequest;
import graft.engine.Guide;
import graft.engine.Sampling;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * In what a server differs from OpenAI's completions: how token ids are asked for and come back, and how an adapter is
 * named. Sources: each project's own documentation of its extra fields.
 */
public enum Dialect {
    /** Another Graft: {@code graft.return_token_ids}. Its adapters are its own. */
    GRAFT("/v1/completions", "/health/ready", Adapters.NONE),
    /** llama.cpp's server: its own route, whose {@code tokens} come with {@code return_tokens}. */
    LLAMA_CPP("/completion", "/health", Adapters.NONE),
    /** trtllm-serve: {@code detokenize: false} brings {@code token_ids}; {@code lora_request} names a folder. */
    TRTLLM("/v1/completions", "/health", Adapters.LORA_REQUEST),
    /** vLLM: {@code return_token_ids}; adapters are loaded by its admin route and then named as models. */
    VLLM("/v1/completions", "/health", Adapters.LOADED);

    /** How a request names an adapter. */
    enum Adapters { NONE, LORA_REQUEST, LOADED }

    private final String path;
    private final String health;
    private final Adapters adapters;

    Dialect(String path, String health, Adapters adapters) {
        this.path = path;
        this.health = health;
        this.adapters = adapters;
    }

    String path() {
        return path;
    }

    String health() {
        return health;
    }

    Adapters adapters() {
        return adapters;
    }

    /**
     * An adapter where that server finds it.
     *
     * @param number never stands for two contents
     */
    record Laid(String name, long number, String folder) {}

    void write(JsonGenerator json, String model, EngineRequest request, Optional<Laid> adapter) throws IOException {
        json.writeStartObject();
        if (this != LLAMA_CPP)
            json.writeStringField("model", adapter.filter(laid -> adapters == Adapters.LOADED).map(Laid::name).orElse(model));
        json.writeArrayFieldStart("prompt");
        for (int token : request.prompt()) json.writeNumber(token);
        json.writeEndArray();
        json.writeNumberField(this == LLAMA_CPP ? "n_predict" : "max_tokens", request.maxNewTokens());
        json.writeBooleanField("stream", true);
        sampling(json, request.sampling());
        guide(json, request);
        int top = request.topLogprobs();
        switch (this) {
            case GRAFT -> {
                json.writeBooleanField("ignore_eos", request.stopTokens().isEmpty());
                json.writeObjectFieldStart("graft");
                json.writeBooleanField("return_token_ids", true);
                json.writeNumberField("top_logprobs", Math.min(top, 20));
                json.writeEndObject();
                usage(json);
            }
            case LLAMA_CPP -> {
                json.writeBooleanField("ignore_eos", request.stopTokens().isEmpty());
                json.writeBooleanField("return_tokens", true);
                json.writeBooleanField("cache_prompt", true);
                if (top > 0) json.writeNumberField("n_probs", top);
            }
            case TRTLLM -> {
                json.writeBooleanField("detokenize", false);
                stops(json, request.stopTokens());
                if (adapter.isPresent()) {
                    json.writeObjectFieldStart("lora_request");
                    json.writeStringField("lora_name", adapter.get().name());
                    json.writeNumberField("lora_int_id", adapter.get().number());
                    json.writeStringField("lora_path", adapter.get().folder());
                    json.writeEndObject();
                }
                if (top > 0) json.writeNumberField("logprobs", top);
                usage(json);
            }
            case VLLM -> {
                json.writeBooleanField("return_token_ids", true);
                stops(json, request.stopTokens());
                if (top > 0) json.writeNumberField("logprobs", top);
                usage(json);
            }
        }
        json.writeEndObject();
    }

    private static void usage(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("stream_options");
        json.writeBooleanField("include_usage", true);
        json.writeEndObject();
    }

    private static void stops(JsonGenerator json, Iterable<Integer> tokens) throws IOException {
        json.writeArrayFieldStart("stop_token_ids");
        for (int token : tokens) json.writeNumber(token);
        json.writeEndArray();
    }

    private void sampling(JsonGenerator json, Sampling sampling) throws IOException {
        json.writeNumberField("temperature", sampling.temperature());
        json.writeNumberField("top_p", sampling.topP());
        json.writeNumberField("top_k", this == LLAMA_CPP && sampling.temperature() == 0 ? 1 : sampling.topK());
        json.writeNumberField("min_p", sampling.minP());
        json.writeNumberField("frequency_penalty", sampling.frequencyPenalty());
        json.writeNumberField("presence_penalty", sampling.presencePenalty());
        json.writeNumberField(this == LLAMA_CPP ? "repeat_penalty" : "repetition_penalty", sampling.repetitionPenalty());
        if (sampling.seed().isPresent()) json.writeNumberField("seed", sampling.seed().getAsLong());
        if (sampling.logitBias().isEmpty()) return;
        json.writeObjectFieldStart("logit_bias");
        for (Map.Entry<Integer, Double> bias : sampling.logitBias().entrySet())
            json.writeNumberField(String.valueOf(bias.getKey()), bias.getValue());
        json.writeEndObject();
    }

    private void guide(JsonGenerator json, EngineRequest request) throws IOException {
        Optional<Guide> guide = request.constraint().flatMap(constraint -> constraint.guide());
        if (guide.isEmpty()) return;
        String schema = guide.get().kind() == Guide.Kind.JSON_OBJECT ? "{\"type\":\"object\"}" : guide.get().text();
        if (this == LLAMA_CPP) {
            json.writeFieldName("json_schema");
            json.writeRawValue(schema);
            return;
        }
        json.writeObjectFieldStart("response_format");
        json.writeStringField("type", "json_schema");
        json.writeObjectFieldStart("json_schema");
        json.writeStringField("name", "answer");
        json.writeFieldName("schema");
        json.writeRawValue(schema);
        json.writeEndObject();
        json.writeEndObject();
    }

    /** Whether answers can be held to a schema over that server's completions. */
    boolean takes(EngineRequest request) {
        return request.constraint().isEmpty()
                || this != GRAFT && request.constraint().get().guide().isPresent();
    }
}
