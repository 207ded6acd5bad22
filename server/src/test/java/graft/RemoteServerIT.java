package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Graft whose engine is elsewhere: another Graft, and llama.cpp's server where it was built. */
class RemoteServerIT {
    private static final Path ROOT = Path.of(System.getProperty("graft.root"));
    private static final Path BASE = ROOT.resolveSibling("shared").resolve("models/tiny-llama3");
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    @TempDir
    private Path temporary;

    private static Server start(DataFolder data, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("data", data.path().toString());
        settings.put("port", "0");
        settings.put("demo", "false");
        return Server.start(Settings.read(settings, Map.of()), data);
    }

    private static String key(DataFolder data) throws IOException {
        return Files.readString(data.path().resolve("admin.key")).strip();
    }

    private static String complete(int port, String key, String body) throws Exception {
        HttpResponse<String> reply = HTTP.send(HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + port + "/v1/completions")).header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, reply.statusCode(), reply.body());
        return reply.body();
    }

    private static List<String> ids(String body) {
        Matcher found = Pattern.compile("\"token_ids\":\\[([0-9,]*)]").matcher(body);
        return found.results().map(one -> one.group(1)).toList();
    }

    @Test
    void anotherGraftAnswersAsIfItWereHere() throws Exception {
        assumeTrue(Files.isDirectory(BASE), BASE + " is not there");
        String asked = "{\"model\":\"tiny-llama3\",\"prompt\":[[5,6,7],[9,10,11,12]],\"max_tokens\":12,"
                + "\"temperature\":0,\"ignore_eos\":true,\"graft\":{\"return_token_ids\":true,\"top_logprobs\":3}}";
        try (DataFolder there = DataFolder.open(temporary.resolve("there"));
                Server engine = start(there, Map.of("bases", BASE.toString(), "engine.precision", "float32"));
                DataFolder here = DataFolder.open(temporary.resolve("here"));
                Server front = start(here, Map.of("bases", BASE.toString(), "engine.kind", "remote", "remote.dialect",
                        "graft", "remote.url", "http://127.0.0.1:" + engine.port(), "remote.key", key(there)))) {
            String direct = complete(engine.port(), key(there), asked);
            String through = complete(front.port(), key(here), asked);
            assertEquals(2, ids(direct).size(), direct);
            assertEquals(ids(direct), ids(through), through);
            assertTrue(through.contains("\"completion_tokens\":24"), through);
            String status = HTTP.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + front.port()
                    + "/admin/v1/engine")).header("Authorization", "Bearer " + key(here)).build(),
                    HttpResponse.BodyHandlers.ofString()).body();
            assertTrue(status.contains("\"engine\":\"remote\""), status);
        }
    }

    /** By hand: it needs benchmarks/peers/llama-cpp.sh to have been run. */
    @Tag("long")
    @Test
    void llamaCppsServerAnswersAsAChildOfOurs() throws Exception {
        Path peers = Path.of(System.getProperty("user.home"), ".cache", "graft-peers");
        assumeTrue(Files.isDirectory(peers), "llama.cpp was not built");
        Path binary;
        try (Stream<Path> files = Files.walk(peers, 6)) {
            binary = files.filter(file -> file.endsWith("llama-server") && Files.isExecutable(file)).findFirst()
                    .orElse(Path.of("/none"));
        }
        assumeTrue(Files.isExecutable(binary), "llama.cpp was not built");
        Path model = Artifacts.in(Settings.read(Map.of(), Map.of()).cache()).demoModel();
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (DataFolder here = DataFolder.open(temporary.resolve("here"));
                Server front = start(here, Map.of("bases", "demo", "engine.kind", "remote", "remote.dialect",
                        "llama-cpp", "remote.url", "http://127.0.0.1:" + port, "remote.command", String.join("\n",
                                binary.toString(), "-m", model.toString(), "--host", "127.0.0.1", "--port",
                                String.valueOf(port), "-c", "4096", "-t", "2")))) {
            String body = complete(front.port(), key(here), "{\"model\":\"" + Artifacts.DEMO_MODEL_ID
                    + "\",\"prompt\":\"The capital of France is\",\"max_tokens\":8,\"temperature\":0}");
            System.out.println("llama.cpp said " + body);
            assertTrue(body.contains("Paris"), body);
        }
    }
}
