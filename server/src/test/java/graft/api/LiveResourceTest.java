package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Caller;
import graft.engine.BaseModel;
import graft.engine.FakeEngine;
import graft.engine.ToyModel;
import graft.metering.RunningStreams;
import graft.registry.tenant.Scope;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class LiveResourceTest {
    private static final Map<String, Caller> CALLERS = Map.of(
            "operator", new Caller("operator", "operator", "key", Set.of(Scope.ADMIN)),
            "acme", new Caller("acme", "acme", "key", Set.of(Scope.INFERENCE)),
            "nothing", new Caller("acme", "acme", "key", Set.of(Scope.KNOWLEDGE)));
    private static final FakeEngine ENGINE = new FakeEngine(new BaseModel("toy", "sha256:toy", 64, 16, Set.of()),
            ToyModel.hashing(16));
    private final AtomicBoolean draining = new AtomicBoolean();

    @AfterAll
    static void stop() {
        ENGINE.close();
    }

    private TestServer server(Duration life, int watchers) {
        LiveApi live = new LiveApi(new RunningStreams(), Duration.ofMillis(10), life, watchers, 10);
        return new TestServer(List.of(new LiveResource(List.of(ENGINE), live, new Semaphore(watchers),
                draining::get)), CALLERS, 1 << 20);
    }

    private static List<String> events(HttpResponse<byte[]> response) {
        assertEquals(200, response.statusCode());
        return new String(response.body(), StandardCharsets.UTF_8).lines().filter(line -> line.startsWith("data: "))
                .map(line -> line.substring(6)).toList();
    }

    @Test
    void theOperatorSeesTheEngineAndTheStreamEndsByItself() {
        try (TestServer server = server(Duration.ofMillis(60), 4)) {
            List<String> events = events(server.get("operator", "/admin/v1/live"));
            assertTrue(events.size() >= 2, events.toString());
            assertEquals("[DONE]", events.getLast());
            JsonNode reading = Json.tree(events.getFirst().getBytes(StandardCharsets.UTF_8));
            assertEquals(0, reading.path("running_total").asInt());
            assertTrue(reading.path("engine").path("state").has("kv_blocks"));
        }
    }

    @Test
    void aTenantSeesNoEngineAndOtherScopesNothing() {
        try (TestServer server = server(Duration.ofMillis(20), 4)) {
            String reading = events(server.get("acme", "/admin/v1/live")).getFirst();
            assertTrue(Json.tree(reading.getBytes(StandardCharsets.UTF_8)).path("engine").isNull());
            assertEquals(403, server.get("nothing", "/admin/v1/live").statusCode());
        }
    }

    @Test
    void aDrainEndsTheStreamAtOnceAndOneWatcherTooManyIsToldToComeBack() {
        draining.set(true);
        try (TestServer server = server(Duration.ofMinutes(10), 1)) {
            assertEquals(List.of("[DONE]"), events(server.get("operator", "/admin/v1/live")));
        }
        try (TestServer server = server(Duration.ofMinutes(10), 0)) {
            HttpResponse<byte[]> refused = server.get("operator", "/admin/v1/live");
            assertEquals(429, refused.statusCode());
            assertTrue(refused.headers().firstValue("Retry-After").isPresent());
        }
    }
}
