package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Admission;
import graft.admission.AdmissionRequest;
import graft.admission.Admitted;
import graft.engine.Finished;
import graft.generation.Outcome;
import graft.knowledge.TextEmbedder;
import graft.metering.UsageRecorder;
import graft.registry.tenant.Scope;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** POST /v1/embeddings: texts or token ids to unit vectors, as numbers or as base64 of little-endian float32. */
final class EmbeddingsResource implements Resource {
    private static final int MAX_INPUTS = 2048; // OpenAI's limit
    private final Optional<TextEmbedder> model;
    private final Admission admission;
    private final UsageRecorder usage;

    EmbeddingsResource(Optional<TextEmbedder> model, Admission admission, UsageRecorder usage) {
        this.model = model;
        this.admission = admission;
        this.usage = usage;
    }

    /** @param input a text, a list of texts, a list of token ids or a list of such lists */
    record Request(String model, JsonNode input, String encodingFormat, Integer dimensions) {}

    record Reply(String object, List<Embedding> data, String model, Usage usage) {}

    /** @param embedding numbers, or their base64 text */
    record Embedding(String object, int index, Object embedding) {}

    record Usage(int promptTokens, int totalTokens) {}

    @Override
    public List<Route> routes() {
        return List.of(Route.post("/v1/embeddings", Scope.INFERENCE, this::embed));
    }

    private void embed(Exchange exchange) {
        Request asked = exchange.body(Request.class);
        if (asked.model() == null) throw ApiException.invalid("model", "'model' is missing.");
        TextEmbedder embedder = model.filter(one -> one.id().equals(asked.model()) && exchange.caller().mayUseModel(one.id()))
                .orElseThrow(() -> ApiException.modelNotFound(asked.model()));
        boolean base64 = "base64".equals(asked.encodingFormat());
        if (asked.encodingFormat() != null && !base64 && !asked.encodingFormat().equals("float"))
            throw ApiException.invalid("encoding_format", "'encoding_format' must be float or base64.");
        Checks.within("dimensions", asked.dimensions(), 1, embedder.dimensions());
        List<int[]> inputs = inputs(asked.input(), embedder);
        int tokens = inputs.stream().mapToInt(ids -> ids.length).sum();
        List<float[]> vectors = metered(exchange, embedder, inputs, tokens);
        List<Embedding> data = new ArrayList<>();
        for (int i = 0; i < vectors.size(); i++) {
            float[] vector = shortened(vectors.get(i), asked.dimensions());
            data.add(new Embedding("embedding", i, base64 ? base64(vector) : vector));
        }
        exchange.ok(new Reply("list", data, embedder.id(), new Usage(tokens, tokens)));
    }

    private List<float[]> metered(Exchange exchange, TextEmbedder embedder, List<int[]> inputs, int tokens) {
        AdmissionRequest request = new AdmissionRequest(exchange.caller(), exchange.requestId(), embedder.id(),
                Optional.empty(), tokens, 0, 1, 0);
        return switch (admission.admit(request)) {
            case Admission.Refused refused -> throw Models.refuse(exchange, new Outcome.Limited(refused));
            case Admitted admitted -> {
                try (admitted; UsageRecorder.Ticket ticket = usage.open(new UsageRecorder.Start(exchange.requestId(),
                        exchange.caller().tenantId(), exchange.caller().keyId(), "embeddings", embedder.id(),
                                Optional.empty(),
                        0, tokens))) {
                    admitted.limits().headers().forEach(exchange::header);
                    long start = System.nanoTime();
                    List<float[]> vectors = embedder.embedIds(inputs);
                    long micros = (System.nanoTime() - start) / 1000;
                    ticket.settle(new Finished(Finished.Reason.STOP_TOKEN, tokens, 0, 0, 0, micros, Optional.empty()),
                            0);
                    exchange.header("Server-Timing", "engine;dur=" + micros / 1000.0);
                    yield vectors;
                }
            }
        };
    }

    private static List<int[]> inputs(JsonNode input, TextEmbedder embedder) {
        if (input == null || input.isNull()) throw wrong();
        List<int[]> inputs = new ArrayList<>();
        if (input.isTextual()) inputs.add(text(input, embedder));
        else if (!input.isArray() || input.isEmpty()) throw wrong();
        else if (input.get(0).isIntegralNumber()) inputs.add(ids(input, embedder));
        else if (input.size() > MAX_INPUTS) throw ApiException.invalid("input", "At most " + MAX_INPUTS + " inputs.");
        else input.forEach(one -> inputs.add(one.isTextual() ? text(one, embedder) : ids(one, embedder)));
        for (int i = 0; i < inputs.size(); i++) {
            if (inputs.get(i).length > embedder.window()) throw ApiException.contextLengthExceeded("input", "input[" + i
                    + "] has "
                    + inputs.get(i).length + " tokens; this model takes at most " + embedder.window() + ".");
        }
        return inputs;
    }

    private static int[] text(JsonNode text, TextEmbedder embedder) {
        if (text.asText().isEmpty()) throw ApiException.invalid("input", "An input must not be empty.");
        return embedder.encode(text.asText());
    }

    private static int[] ids(JsonNode list, TextEmbedder embedder) {
        if (!list.isArray() || list.isEmpty()) throw wrong();
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            JsonNode id = list.get(i);
            if (!id.isIntegralNumber() || !id.canConvertToInt()) throw wrong();
            if (id.asInt() < 0 || id.asInt() >= embedder.vocabularySize())
                throw ApiException.invalid("input", "Token " + id + " is outside the vocabulary of "
                        + embedder.vocabularySize() + ".");
            ids[i] = id.asInt();
        }
        return ids;
    }

    private static ApiException wrong() {
        return ApiException.invalid("input",
                "'input' must be a text, a list of texts, a list of token ids, or a list of such lists.");
    }

    /** The first components, brought back to length 1, as OpenAI shortens. */
    private static float[] shortened(float[] vector, Integer dimensions) {
        if (dimensions == null || dimensions == vector.length) return vector;
        double square = 0;
        for (int i = 0; i < dimensions; i++) square += (double) vector[i] * vector[i];
        float[] shorter = new float[dimensions];
        for (int i = 0; i < dimensions; i++) shorter[i] = (float) (square == 0 ? 0 : vector[i] / Math.sqrt(square));
        return shorter;
    }

    private static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : vector) bytes.putFloat(value);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
