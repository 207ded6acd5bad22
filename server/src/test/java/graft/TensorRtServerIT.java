package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.engine.tensorrt.EchoEngines;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server on TensorRT-LLM's bridge with the executor that echoes: nothing above the port may notice. */
class TensorRtServerIT {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    @TempDir
    private static Path temporary;
    private static DataFolder data;
    private static Server server;
    private static String key;

    @BeforeAll
    static void start() throws IOException {
        Path library = EchoEngines.library();
        Path base = EchoEngines.base(temporary, "tiny-llama3", EchoEngines.llama());
        data = DataFolder.open(temporary.resolve("data"));
        server = Server.start(Settings.read(Map.of("data", data.path().toString(), "port", "0", "demo", "false",
                "bases", base.toString(), "engine.kind", "tensorrt", "tensorrt.library", library.toString(),
                "tensorrt.echo", "adapters=2 stall=639"), Map.of()), data);
        key = Files.readString(data.path().resolve("admin.key")).strip();
    }

    @AfterAll
    static void stop() {
        if (server != null) server.close();
        if (data != null) data.close();
    }

    private static HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .header("Authorization", "Bearer " + key);
    }

    private static HttpResponse<String> send(HttpRequest request) throws Exception {
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> complete(String model, String more) throws Exception {
        return send(to("/v1/completions").header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"" + model + "\",\"prompt\":[5,6,7],"
                        + "\"max_tokens\":6,\"graft\":{\"return_token_ids\":true}" + more + "}")).build());
    }

    private static String tokens(HttpResponse<String> reply) {
        assertEquals(200, reply.statusCode(), reply.body());
        Matcher ids = Pattern.compile("\"token_ids\":\\[([0-9,]*)]").matcher(reply.body());
        assertTrue(ids.find(), reply.body());
        return ids.group(1);
    }

    private static HttpResponse<String> upload(String name, String folder) throws Exception {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
            body.write(("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + file
                    + "\"\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            body.write(Files.readAllBytes(EchoEngines.SHARED.resolve("adapters").resolve(folder).resolve(file)));
            body.write("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        body.write("--b--\r\n".getBytes(StandardCharsets.UTF_8));
        return send(to("/admin/v1/adapters/" + name + "/versions")
                .header("Content-Type", "multipart/form-data; boundary=b")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray())).build());
    }

    @Test
    void baseAndAdaptersAnswerAndAreMetered() throws Exception {
        long before = billedTokens();
        String base = tokens(complete("tiny-llama3", ""));
        assertEquals("5,6,7,6,7,8", base);
        for (String name : List.of("l3-r4-qv", "l3-dora-r8", "l3-rslora-r8")) {
            HttpResponse<String> made = upload(name, name);
            assertEquals(201, made.statusCode(), made.body());
            assertTrue(made.body().contains("\"warnings\":[]"), made.body());
            String answer = tokens(complete(name, ""));
            assertNotEquals(base, answer, name);
            assertEquals(answer, tokens(complete(name, "")));
        }
        assertEquals(base, tokens(complete("tiny-llama3", "")));
        assertEquals(8 * 6, billedTokens() - before);
    }

    private static long billedTokens() throws Exception {
        String usage = send(to("/v1/organization/usage/completions?start_time="
                + (System.currentTimeMillis() / 1000 - 3600) + "&bucket_width=1d").build()).body();
        Matcher output = Pattern.compile("\"output_tokens\":(\\d+)").matcher(usage);
        long sum = 0;
        while (output.find()) sum += Long.parseLong(output.group(1));
        return sum;
    }

    @Test
    void anAdapterTheExecutorCanNotTakeIsRefusedAtItsRequestByName() throws Exception {
        HttpResponse<String> made = upload("biased", "l3-lora-bias");
        HttpResponse<String> reply = complete("biased", "");
        assertTrue(made.statusCode() == 422 ? made.body().contains("lora_bias") : reply.statusCode() >= 400
                && reply.body().contains("lora_bias"), made.body() + reply.body());
    }

    @Test
    void streamsEndAndStatusAndMetricsTellOfTheBridge() throws Exception {
        HttpResponse<String> stream = complete("tiny-llama3",
                ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
        assertTrue(stream.body().contains("\"completion_tokens\":6"), stream.body());
        assertTrue(stream.body().strip().endsWith("data: [DONE]"), stream.body());
        String engine = send(to("/admin/v1/engine").build()).body();
        assertTrue(engine.contains("\"engine\":\"echo\""), engine);
        String metrics = send(to("/metrics").build()).body();
        for (String name : List.of("vllm:num_requests_running", "vllm:lora_requests_info", "vllm:kv_cache_usage_perc",
                "vllm:cache_config_info")) {
            assertTrue(metrics.contains(name), name);
        }
    }

    @Test
    void theEchoIsNeverTakenForAnEngine() throws Exception {
        Path library = EchoEngines.library();
        SetupException refused = assertThrows(SetupException.class, () -> EngineChoice.opener(Settings.read(Map.of(
                "engine.kind", "tensorrt", "tensorrt.library", library.toString()), Map.of()), List.of("base")));
        assertTrue(refused.getMessage().contains("tensorrt.echo"), refused.getMessage());
        SetupException missing = assertThrows(SetupException.class, () -> EngineChoice.opener(Settings.read(Map.of(
                "engine.kind", "tensorrt"), Map.of()), List.of("base")));
        assertTrue(missing.getMessage().contains("GRAFT_TENSORRT_LIBRARY"), missing.getMessage());
    }
}
