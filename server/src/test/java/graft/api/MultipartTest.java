package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.admission.Caller;
import graft.registry.tenant.Scope;
import io.helidon.http.Method;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class MultipartTest {
    private static final Multipart.Limits LIMITS = new Multipart.Limits(8 << 20, 10, 1024, 100);
    private static TestServer server;

    /** Answers with what it read: fields by their text, files by their digest. */
    static final class Echo implements Resource {
        @Override
        public List<Route> routes() {
            return List.of(Route.withAnyKey(Method.POST, "/v1/echo", exchange -> {
                Map<String, String> seen = new LinkedHashMap<>();
                Multipart.read(exchange, LIMITS, part -> seen.put(part.name(), part.filename().isEmpty() ? part.text()
                        : part.filename().get() + " " + sha256(part.content().readAllBytes())));
                exchange.ok(seen);
            }));
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeAll
    static void start() {
        server = new TestServer(List.of(new Echo()),
                Map.of("k", new Caller("t", "t", "key", Set.of(Scope.INFERENCE))), 1 << 20);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static HttpResponse<byte[]> post(byte[] body) {
        return server.send("k", "POST", "/v1/echo", MultipartBody.TYPE, body);
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static void refused(int status, String code, String says, HttpResponse<byte[]> response) {
        assertEquals(status, response.statusCode(), text(response));
        assertTrue(text(response).contains('"' + code + '"'), text(response));
        assertTrue(text(response).contains(says), text(response));
    }

    @Test
    void fieldsAndFilesArriveAsTheyWereSent() {
        byte[] random = new byte[3 << 20];
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        new Random(seed).nextBytes(random);
        HttpResponse<byte[]> response = post(new MultipartBody().field("note", "Grüße").file("a", "x y.bin", random)
                .file("b", "empty", new byte[0]).file("c", "dashes", "\r\n--graftBoundary7MA4YWx\r\n--".getBytes(
                        StandardCharsets.UTF_8)).bytes());
        assertEquals(200, response.statusCode(), text(response));
        Map<?, ?> seen = Json.read(response.body(), Map.class);
        assertEquals("Grüße", seen.get("note"));
        assertEquals("x y.bin " + sha256(random), seen.get("a"));
        assertEquals("empty " + sha256(new byte[0]), seen.get("b"));
        assertEquals("dashes " + sha256("\r\n--graftBoundary7MA4YWx\r\n--".getBytes(StandardCharsets.UTF_8)),
                seen.get("c"));
    }

    @Test
    void aFieldThatIsTooLongIsRefusedAndNotCut() {
        byte[] body = new MultipartBody().field("long", "x".repeat(101)).field("after", "y").bytes();
        refused(413, "too_large", "'long'", post(body));
    }

    @Test
    void whatIsNoMultipartIsRefused() {
        refused(400, "invalid_request", "multipart/form-data", server.send("k", "POST", "/v1/echo", "{}"));
        refused(400, "invalid_request", "boundary", server.send("k", "POST", "/v1/echo", "multipart/form-data",
                new MultipartBody().field("a", "b").bytes()));
        refused(400, "invalid_request", "", post("nothing of the kind".getBytes(StandardCharsets.UTF_8)));
        refused(400, "invalid_request", "", post(new byte[0]));
        refused(400, "invalid_request", "", post(new MultipartBody().bytes()));
        refused(400, "invalid_request", "Content-Disposition", post(new MultipartBody().part("inline", new byte[3])
                .bytes()));
    }

    @Test
    void aBodyThatEndsBeforeItsBoundaryIsRefused() {
        byte[] whole = new MultipartBody().file("a", "a", new byte[5000]).field("b", "c").bytes();
        for (int length : new int[] {1, 20, 80, 200, 4000, 5120, whole.length - 5}) {
            refused(400, "invalid_request", "", post(Arrays.copyOf(whole, length)));
        }
    }

    @Test
    void limitsHold() {
        refused(413, "too_large", "8388608", post(new MultipartBody().file("a", "a", new byte[9 << 20]).bytes()));
        MultipartBody many = new MultipartBody();
        for (int i = 0; i < 11; i++) many.field("f" + i, "v");
        refused(413, "too_large", "10 parts", post(many.bytes()));
        refused(413, "too_large", "headers", post(new MultipartBody().file("a", "n".repeat(2000), new byte[1]).bytes()));
    }

    @Test
    void aClientThatLeavesInTheMiddleLeavesTheServerWell() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(("POST /v1/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: 100000\r\n"
                    + "Content-Type: " + MultipartBody.TYPE + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(new MultipartBody().file("a", "a", new byte[5000]).unfinished());
            socket.shutdownOutput();
            try (InputStream in = socket.getInputStream()) {
                String answer = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
                assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 400"), answer);
            }
        }
        assertEquals(200, post(new MultipartBody().field("a", "b").bytes()).statusCode());
    }
}
