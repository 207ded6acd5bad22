package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.engine.torch.Precision;
import graft.engine.torch.TorchEngine;
import graft.engine.torch.TorchSettings;
import graft.generation.ChatTemplate;
import graft.generation.EngineModel;
import graft.generation.grammar.SchemaCases;
import graft.tokens.HuggingFaceTokenizer;
import graft.weights.DemoModel;
import graft.weights.ModelFiles;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The demo model, which was never trained to call, over HTTP at temperature 1.5: its calls are valid all the same. */
@Timeout(300)
class ToolCallsIT {
    private static final int REQUESTS = 12;
    private static final TorchSettings SETTINGS = new TorchSettings(Precision.FLOAT32, "cpu", 2, 256 << 20, 16, 512, 8,
            16, 128, 8 << 20, 0, 1, 2048, 10, true);
    private static final Map<String, String> SCHEMAS = Map.of(
            "order", "{\"type\":\"object\",\"properties\":{\"lines\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":2,"
                    + "\"items\":{\"$ref\":\"#/$defs/line\"}},\"due\":{\"type\":[\"string\",\"null\"],\"format\":\"date\"}},"
                    + "\"required\":[\"lines\",\"due\"],\"additionalProperties\":false,\"$defs\":{\"line\":{\"type\":"
                    + "\"object\",\"properties\":{\"unit\":{\"enum\":[\"kg\",\"lb\"]},\"count\":{\"type\":\"integer\","
                    + "\"minimum\":1,\"maximum\":99}},\"required\":[\"unit\",\"count\"],\"additionalProperties\":false}}}",
            "lookup", "{\"type\":\"object\",\"properties\":{\"code\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}-[0-9]{3}$\"},"
                    + "\"at\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1}},\"required\":[\"code\",\"at\"],"
                    + "\"additionalProperties\":false}");

    private static String body(int seed) {
        StringBuilder tools = new StringBuilder();
        SCHEMAS.forEach((name, schema) -> tools.append(tools.isEmpty() ? "" : ",").append("{\"type\":\"function\","
                + "\"function\":{\"name\":\"" + name + "\",\"strict\":true,\"parameters\":" + schema + "}}"));
        String named = "{\"type\":\"function\",\"function\":{\"name\":\"order\"}}";
        return "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\",\"content\":\"Order two pounds of flour.\"}],"
                + "\"temperature\":1.5,\"seed\":" + seed + ",\"max_tokens\":160,\"tools\":[" + tools
                + "],\"parallel_tool_calls\":" + (seed % 4 == 3) + ",\"tool_choice\":"
                + (seed % 2 == 0 ? "\"required\"" : named) + "}";
    }

    /** @return whether it ended by itself */
    private static boolean check(InferenceWorld world, int seed) {
        HttpResponse<byte[]> reply = world.server.send("good", "POST", "/v1/chat/completions", body(seed));
        assertEquals(200, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
        JsonNode choice = Json.tree(reply.body()).at("/choices/0");
        if (choice.get("finish_reason").asText().equals("length")) return false;
        assertEquals("tool_calls", choice.get("finish_reason").asText());
        assertTrue(choice.at("/message/content").isNull(), choice::toString);
        for (JsonNode call : choice.at("/message/tool_calls")) {
            String name = call.at("/function/name").asText();
            if (seed % 2 == 1) assertEquals("order", name);
            SchemaCases.assertValid(SCHEMAS.get(name), call.at("/function/arguments").asText());
        }
        return true;
    }

    @Test
    void requiredCallsAreValidHoweverHot() throws InterruptedException, ExecutionException {
        try (ModelFiles files = ModelFiles.open(DemoModel.gguf(), ModelFiles.DEFAULT_HEADER_LIMIT);
                HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.of(files.tokenizerJson().orElseThrow());
                TorchEngine engine = TorchEngine.open("toy", files, SETTINGS);
                InferenceWorld world = new InferenceWorld(new EngineModel(engine, Optional.of(tokenizer),
                        files.chatTemplate().map(ChatTemplate::compile), files.bosToken().orElse(""),
                        files.eosToken().orElse("")));
                ExecutorService together = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Boolean>> tasks = new ArrayList<>();
            for (int i = 0; i < REQUESTS; i++) {
                int seed = i;
                tasks.add(() -> check(world, seed));
            }
            int finished = 0;
            for (Future<Boolean> one : together.invokeAll(tasks)) if (one.get()) finished++;
            System.out.println("required calls at 1.5: " + REQUESTS + ", finished and valid " + finished);
            assertTrue(finished >= REQUESTS / 2, "finished=" + finished);
        }
    }
}
