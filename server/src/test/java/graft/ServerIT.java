package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.api.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server in this process, over HTTP: what holds for every request, whatever it asks. */
class ServerIT {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    @TempDir
    private static Path temporary;
    private static Path ui;
    private static DataFolder data;
    private static Server server;

    @BeforeAll
    static void start() throws IOException {
        ui = Files.createDirectories(temporary.resolve("ui/assets")).getParent();
        Files.writeString(ui.resolve("index.html"), "<!doctype html><title>Graft</title>");
        Files.writeString(ui.resolve("assets/app-1a2b.js"), "export {};");
        Files.writeString(ui.resolve("assets/large-3c4d.js"), "console.log('a longer script');\n".repeat(1000));
        Files.writeString(temporary.resolve("secret.txt"), "outside");
        data = DataFolder.open(temporary.resolve("data"));
        server = Server.start(config(data.path(), Map.of("ui", ui.toString())), data);
    }

    @AfterAll
    static void stop() {
        server.close();
        data.close();
    }

    private static ServerConfig config(Path folder, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("data", folder.toString());
        settings.putIfAbsent("port", "0");
        return Settings.read(settings, Map.of());
    }

    private static HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
        for (int i = 0; i < headers.length; i += 2) request.header(headers[i], headers[i + 1]);
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static final Pattern CONTENT_LENGTH = Pattern.compile("Content-Length: (\\d+)\r\n(?s:.*)\r\n\r\n$");

    /** What a browser or a curl never sends; Helidon leaves the connection open although it says close. */
    private static String raw(String text) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            InputStream in = socket.getInputStream();
            StringBuilder answer = new StringBuilder();
            Matcher length = CONTENT_LENGTH.matcher(answer);
            while (!length.reset().find()) {
                int next = in.read();
                assertTrue(next >= 0, "cut off: " + answer);
                answer.append((char) next);
            }
            byte[] body = in.readNBytes(Integer.parseInt(length.group(1)));
            return answer + new String(body, StandardCharsets.ISO_8859_1);
        }
    }

    private static void assertErrorShape(String answer, String code) {
        for (String part : List.of("\"error\":{", "\"message\":\"", "\"type\":\"", "\"param\":",
                "\"code\":\"" + code + "\"")) {
            assertTrue(answer.contains(part), part + " in " + answer);
        }
    }

    @Test
    void theProbesAreOpenAndSayUp() throws Exception {
        for (String probe : List.of("started", "live", "ready")) {
            HttpResponse<String> answer = get("/health/" + probe);
            assertEquals(200, answer.statusCode(), answer.body());
            assertTrue(answer.body().startsWith("{\"status\":\"up\""), answer.body());
        }
        assertTrue(get("/health/ready").body().contains("database"));
    }

    @Test
    void theKeysOfTheDataFolderWorkAndAreForItsOwnerOnly() throws Exception {
        for (String file : List.of("admin.key", "demo.key", "pepper", "port")) {
            assertEquals("rw-------", PosixFilePermissions.toString(
                    Files.getPosixFilePermissions(data.path().resolve(file))), file);
        }
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(data.path())));
        assertEquals(String.valueOf(server.port()), Files.readString(data.path().resolve("port")).strip());
        assertEquals(200, get("/admin/v1/tenants", "Authorization", bearer("admin.key")).statusCode());
        assertEquals(403, get("/admin/v1/tenants", "Authorization", bearer("demo.key")).statusCode());
        assertEquals(401, get("/admin/v1/tenants").statusCode());
    }

    private static String bearer(String file) throws IOException {
        return "Bearer " + Files.readString(data.path().resolve(file)).strip();
    }

    @Test
    void whatNoRouteAnswersHasTheErrorShape() throws Exception {
        for (String path : List.of("/v1/nothing", "/admin/v1/nothing", "/health/nothing", "/missing.js")) {
            HttpResponse<String> answer = get(path);
            assertEquals(404, answer.statusCode(), path + ": " + answer.body());
            assertErrorShape(answer.body(), "not_found");
        }
        HttpResponse<String> posted = HTTP.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port()
                + "/nowhere")).POST(HttpRequest.BodyPublishers.ofString("x")).build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(404, posted.statusCode());
        assertErrorShape(posted.body(), "not_found");
    }

    @Test
    void aRequestThatCanNotBeReadGetsTheErrorShapeAndTheServerGoesOn() throws Exception {
        for (String request : List.of("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", "GET /health/live HTTP/1.1\r\nHost: x\r\nA: "
                        + "a".repeat(1 << 16) + "\r\n\r\n")) {
            String answer = raw(request);
            assertTrue(answer.startsWith("HTTP/1.1 4"), answer);
            assertErrorShape(answer, "invalid_request");
        }
        // Whoever does not speak HTTP is cut off without an answer.
        assertThrows(AssertionError.class, () -> raw("\u0016\u0003\u0001 hello\r\n\r\n"));
        assertEquals(200, get("/health/live").statusCode());
    }

    @Test
    void everyAnswerHasSecurityHeaders() throws Exception {
        for (String path : List.of("/", "/health/live", "/v1/nothing")) {
            HttpResponse<String> answer = get(path);
            assertEquals("nosniff", answer.headers().firstValue("X-Content-Type-Options").orElse(""), path);
            assertEquals("DENY", answer.headers().firstValue("X-Frame-Options").orElse(""), path);
            assertTrue(answer.headers().firstValue("Content-Security-Policy").orElse("")
                    .startsWith("default-src 'self'"), path);
        }
    }

    @Test
    void theUiIsServedWithItsPagesAndNothingOutsideItsFolder() throws Exception {
        for (String page : List.of("/", "/adapters", "/adapters/triage/versions")) {
            HttpResponse<String> answer = get(page);
            assertEquals(200, answer.statusCode(), page);
            assertTrue(answer.body().contains("<title>Graft"), page + ": " + answer.body());
            assertTrue(answer.headers().firstValue("Content-Type").orElse("").startsWith("text/html"), page);
        }
        HttpResponse<String> script = get("/assets/app-1a2b.js");
        assertEquals(200, script.statusCode());
        assertTrue(script.headers().firstValue("Cache-Control").orElse("").contains("immutable"));
        for (String path : List.of("/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt")) {
            String answer = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 4"), answer);
            assertFalse(answer.contains("outside"), answer);
        }
    }

    @Test
    void scriptsGoOutPackedToWhoeverTakesThemSo() throws Exception {
        HttpResponse<String> plain = get("/assets/large-3c4d.js");
        HttpResponse<byte[]> packed = HTTP.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port()
                + "/assets/large-3c4d.js")).header("Accept-Encoding", "gzip, br").build(),
                HttpResponse.BodyHandlers.ofByteArray());
        assertEquals("gzip", packed.headers().firstValue("Content-Encoding").orElse(""));
        assertTrue(packed.headers().firstValue("Content-Type").orElse("").startsWith("text/javascript"));
        assertTrue(packed.headers().firstValue("Cache-Control").orElse("").contains("immutable"));
        assertTrue(packed.body().length < 1000);
        try (GZIPInputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
            assertEquals(plain.body(), new String(unpacked.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void aSecondServerOnTheFolderIsRefusedAndATakenPortIsNamed(@TempDir Path other) {
        assertTrue(assertThrows(DataFolder.InUse.class, () -> DataFolder.open(data.path())).getMessage()
                .contains(String.valueOf(ProcessHandle.current().pid())));
        try (DataFolder free = DataFolder.open(other)) {
            HttpServer.PortTaken taken = assertThrows(HttpServer.PortTaken.class, () ->
                    Server.start(config(other, Map.of("port", String.valueOf(server.port()))), free));
            assertTrue(taken.getMessage().contains(String.valueOf(server.port())), taken.getMessage());
            assertFalse(Files.exists(other.resolve("postgres")), "nothing was started for a port that can't be had");
        }
    }
}
