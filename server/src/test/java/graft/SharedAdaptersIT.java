package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every adapter of ../shared over HTTP, on a server of its base in float32: uploaded, asked for token ids, and compared
 * with PEFT's logits. By hand: GoldenFormsTest holds the same goldens inside the engine in every {@code ./graft test}.
 */
@Tag("long")
class SharedAdaptersIT {
    private static final Path SHARED = Path.of(System.getProperty("graft.root")).resolveSibling("shared");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final double TOLERANCE = 1e-3;
    @TempDir
    private Path temporary;
    private Server server;
    private String key;

    @ParameterizedTest
    @ValueSource(strings = {"tiny-llama3", "tiny-qwen2", "tiny-qwen3", "tiny-deepseek-v2-lite", "tiny-deepseek-v3"})
    void everyAdapterOfABaseAnswersAsPeftDoes(String base) throws Exception {
        assumeTrue(Files.isDirectory(SHARED.resolve("models")), "../shared is not there");
        try (DataFolder data = DataFolder.open(temporary.resolve("data"));
                Server started = Server.start(Settings.read(Map.of("data", data.path().toString(), "port", "0", "demo",
                        "false", "bases", SHARED.resolve("models").resolve(base).toString(), "engine.precision",
                        "float32"), Map.of()), data)) {
            server = started;
            key = Files.readString(data.path().resolve("admin.key")).strip();
            List<String> told = new ArrayList<>();
            told.add(base + " " + worst(base, SHARED.resolve("models").resolve(base)));
            for (Path adapter : adaptersOf(base)) {
                String name = adapter.getFileName().toString();
                HttpResponse<String> made = upload(name, adapter);
                assertEquals(201, made.statusCode(), name + ": " + made.body());
                told.add(name + " " + worst(name, adapter));
            }
            if (base.equals("tiny-llama3")) told.add(refusals());
            System.out.println("over HTTP, worst logit difference: " + told);
        }
    }

    private static List<Path> adaptersOf(String base) {
        try (Stream<Path> folders = Files.list(SHARED.resolve("adapters"))) {
            return folders.filter(folder -> Files.isDirectory(folder) && read(folder.resolve("golden.json")).get("base")
                    .asText().equals(base)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode read(Path file) {
        try {
            return JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @return the worst difference of a raw logit over all cases */
    private String worst(String model, Path folder) throws Exception {
        double worst = 0;
        for (JsonNode one : read(folder.resolve("golden.json")).get("cases")) {
            int[] greedy = new int[0];
            for (Map.Entry<String, JsonNode> field : one.properties())
                if (field.getKey().startsWith("greedy")) greedy = JSON.convertValue(field.getValue(), int[].class);
            JsonNode choice = ask(model, one.get("input_ids"), greedy.length);
            worst = Math.max(worst, difference(model, one, choice.at("/graft/top_logprobs/0")));
            checkGreedy(model, greedy, choice.get("graft"));
        }
        return "%.1e".formatted(worst);
    }

    private static double difference(String model, JsonNode golden, JsonNode top) {
        Map<Integer, Double> found = new HashMap<>();
        for (JsonNode one : top) found.put(one.get("id").asInt(), one.get("logprob").asDouble());
        double worst = 0;
        for (int i = 0; i < golden.get("top10_ids").size(); i++) {
            double wanted = golden.get("top10_logits").get(i).asDouble() - golden.get("logsumexp").asDouble();
            Double logprob = found.get(golden.get("top10_ids").get(i).asInt());
            assertTrue(logprob != null, () -> model + ": " + golden + " but " + top);
            worst = Math.max(worst, Math.abs(logprob - wanted));
        }
        assertTrue(worst < TOLERANCE, model + " is off by " + worst);
        return worst;
    }

    /** Equal, or different first where the two likeliest are as good as level. */
    private static void checkGreedy(String model, int[] wanted, JsonNode found) {
        int[] ids = JSON.convertValue(found.get("token_ids"), int[].class);
        for (int i = 0; i < wanted.length; i++) {
            if (i < ids.length && ids[i] == wanted[i]) continue;
            JsonNode top = found.get("top_logprobs").get(i);
            double gap = top.get(0).get("logprob").asDouble() - top.get(1).get("logprob").asDouble();
            assertTrue(gap < TOLERANCE, model + " differs at " + i + " where the gap is " + gap);
            return;
        }
    }

    private JsonNode ask(String model, JsonNode prompt, int tokens) throws Exception {
        String body = "{\"model\":\"" + model + "\",\"prompt\":" + prompt + ",\"max_tokens\":" + tokens
                + ",\"temperature\":0,\"ignore_eos\":true,\"graft\":{\"return_token_ids\":true,\"top_logprobs\":20}}";
        HttpResponse<String> reply = HTTP.send(to("/v1/completions").header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(200, reply.statusCode(), reply.body());
        return JSON.readTree(reply.body()).at("/choices/0");
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .header("Authorization", "Bearer " + key);
    }

    private HttpResponse<String> upload(String name, Path folder) throws Exception {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(one -> !one.getFileName().toString().equals("golden.json")).toList()) {
                body.write(("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + file.getFileName()
                        + "\"\r\n\r\n").getBytes(StandardCharsets.UTF_8));
                body.write(Files.readAllBytes(file));
                body.write("\r\n".getBytes(StandardCharsets.UTF_8));
            }
        }
        body.write("--b--\r\n".getBytes(StandardCharsets.UTF_8));
        return HTTP.send(to("/admin/v1/adapters/" + name + "/versions")
                .header("Content-Type", "multipart/form-data; boundary=b")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** The broken ones: refused or, for the one that changes nothing, warned of; nothing of the refused is kept. */
    private String refusals() throws Exception {
        int refused = 0;
        List<String> names = new ArrayList<>();
        read(SHARED.resolve("adapters-bad/expected.json")).fieldNames().forEachRemaining(names::add);
        for (String name : names) {
            HttpResponse<String> reply = upload("bad-" + name, SHARED.resolve("adapters-bad").resolve(name));
            if (name.equals("all-zero-b")) {
                assertEquals(201, reply.statusCode(), reply.body());
                assertTrue(JSON.readTree(reply.body()).get("warnings").size() > 0, reply.body());
                continue;
            }
            assertEquals(422, reply.statusCode(), name + ": " + reply.body());
            System.out.println(name + ": " + JSON.readTree(reply.body()).at("/error/message").asText());
            assertEquals(404, HTTP.send(to("/admin/v1/adapters/bad-" + name).build(),
                    HttpResponse.BodyHandlers.ofString()).statusCode(), name + " left something");
            refused++;
        }
        assertEquals(201, upload("sound-after-all", SHARED.resolve("adapters/l3-r4-qv")).statusCode());
        return refused + " broken ones refused";
    }
}
