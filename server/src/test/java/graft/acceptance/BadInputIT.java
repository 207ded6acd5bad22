package graft.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What goes wrong in a user's hands: the codes of the contract, nothing half-stored, and the server goes on. */
@ExtendWith(SharedGraft.class)
class BadInputIT {
    private static final String BASE = "SmolLM2-135M-Instruct";
    private static RunningGraft graft;

    @BeforeAll
    static void use(RunningGraft shared) {
        graft = shared;
    }

    @Test
    void anUnknownModelIs404() {
        refused(404, "model_not_found", chat(Map.of("model", "nobody", "messages", hello())));
    }

    @Test
    void malformedJsonIs400() {
        refused(400, "invalid_request", graft.post(graft.demoKey(), "/v1/chat/completions", "{\"model\": "));
        refused(400, "invalid_request", graft.post(graft.demoKey(), "/v1/chat/completions", "[]"));
        refused(400, "invalid_request", graft.post(graft.demoKey(), "/v1/chat/completions", ""));
    }

    @Test
    void anUnknownFieldInsideGraftIs400AndNamed() {
        RunningGraft.Reply reply = chat(Map.of("model", BASE, "messages", hello(), "graft", Map.of("vector_stores", List.of())));
        refused(400, "invalid_request", reply);
        assertTrue(reply.json().toString().contains("vector_stores"), reply.json().toString());
    }

    @Test
    void aPromptOverTheContextIs400() {
        refused(400, "context_length_exceeded", chat(Map.of("model", BASE, "messages",
                List.of(Map.of("role", "user", "content", "word ".repeat(9000))))));
    }

    @Test
    void aWrongKeyIs401AndAMissingScope403() {
        refused(401, "invalid_api_key", graft.get("gk_nonsense", "/v1/models"));
        refused(403, "insufficient_scope", graft.get(graft.demoKey(), "/admin/v1/tenants"));
    }

    @Test
    void aBodyOverTheLimitIs413() {
        refused(413, "too_large", chat(Map.of("model", BASE, "messages",
                List.of(Map.of("role", "user", "content", "x".repeat(40 << 20))))));
    }

    @Test
    void brokenAdaptersAre422AndLeaveNothing() throws IOException {
        Path folder = RunningGraft.ROOT.resolve("server/src/test/resources/adapters/l3-r4-qv");
        RunningGraft.Reply reply = upload("of-another-base", folder);
        refused(422, "invalid_adapter", reply);
        Path cut = RunningGraft.ROOT.resolve("server/src/test/resources/adapters-bad/truncated");
        refused(422, "invalid_adapter", upload("truncated", cut));
        refused(404, "not_found", graft.get(graft.demoKey(), "/admin/v1/adapters/truncated"));
        refused(404, "not_found", graft.get(graft.demoKey(), "/admin/v1/adapters/of-another-base"));
    }

    @Test
    void anAdapterNamedLikeTheBaseIs409() throws IOException {
        Path folder = RunningGraft.ROOT.resolve("server/src/main/resources/demo/adapters/house-voice");
        refused(409, "conflict", upload("smollm2-135m-instruct", folder));
    }

    @Test
    void unknownRoutesAndObjectsHaveTheErrorShape() {
        refused(404, "not_found", graft.get(graft.demoKey(), "/v1/nothing/here"));
        refused(404, "not_found", graft.get(graft.demoKey(), "/v1/files/file-absent"));
        refused(404, "not_found", graft.get(graft.demoKey(), "/v1/vector_stores/vs_absent"));
    }

    @Test
    void afterAllThatTheServerStillAnswers() {
        assertEquals(200, chat(Map.of("model", BASE, "messages", hello(), "max_tokens", 4)).status());
    }

    private static List<Map<String, String>> hello() {
        return List.of(Map.of("role", "user", "content", "Hello"));
    }

    private static RunningGraft.Reply chat(Map<String, Object> body) {
        return graft.post(graft.demoKey(), "/v1/chat/completions", body);
    }

    private static void refused(int status, String code, RunningGraft.Reply reply) {
        assertEquals(status, reply.status(), () -> String.valueOf(reply.json()));
        JsonNode error = reply.json().get("error");
        Set<String> keys = new TreeSet<>();
        error.fieldNames().forEachRemaining(keys::add);
        assertEquals(Set.of("message", "type", "param", "code"), keys);
        assertEquals(code, error.get("code").asText());
        assertFalse(error.get("message").asText().isBlank());
    }

    private static RunningGraft.Reply upload(String name, Path folder) throws IOException {
        String boundary = "boundary-of-this-test";
        List<byte[]> body = new ArrayList<>();
        try (var files = Files.list(folder)) {
            for (Path file : files.filter(path -> path.getFileName().toString().startsWith("adapter_")).toList()) {
                body.add(("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\""
                        + file.getFileName() + "\"\r\nContent-Type: application/octet-stream\r\n\r\n").getBytes());
                body.add(Files.readAllBytes(file));
                body.add("\r\n".getBytes());
            }
        }
        body.add(("--" + boundary + "--\r\n").getBytes());
        return graft.send(graft.request(graft.demoKey(), "/admin/v1/adapters/" + name + "/versions")
                .header("Content-Type", "multipart/form-data; boundary=" + boundary)
                .POST(HttpRequest.BodyPublishers.ofByteArrays(body)).build());
    }
}
