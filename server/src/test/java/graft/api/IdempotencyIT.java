package graft.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.admission.Caller;
import graft.engine.Finished;
import graft.metering.BilledBefore;
import graft.metering.KeptReplies;
import graft.metering.LedgerUsageRecorder;
import graft.metering.Metering;
import graft.metering.UsageRecorder;
import graft.registry.Ids;
import graft.registry.tenant.Scope;
import graft.registry.testing.TestDatabase;
import graft.registry.usage.IdempotencyDao;
import graft.registry.usage.ProcessDao;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Retries over HTTP, against routes that count how often they ran. */
class IdempotencyIT {
    private static final AtomicInteger RUNS = new AtomicInteger();
    private static final Semaphore MAY_GO_ON = new Semaphore(0);
    private static final CountDownLatch STARTED = new CountDownLatch(1);
    private static final BilledBefore BILLED = new BilledBefore();
    private static TestDatabase test;
    private static IdempotencyDao replies;
    private static KeptReplies kept;
    private static TestServer server;

    record Answer(int run) {}

    /** {"mode": ...} chooses what the route does. */
    private static final class CountingResource implements Resource {
        @Override
        public List<Route> routes() {
            return List.of(Route.post("/v1/chat/completions", Scope.INFERENCE, this::answer),
                    Route.post("/v1/files", Scope.INFERENCE, this::answer));
        }

        private void answer(Exchange exchange) throws InterruptedException {
            int run = RUNS.incrementAndGet();
            switch (Json.tree(exchange.bytes()).path("mode").asText()) {
                case "whole" -> exchange.ok(new Answer(run));
                case "fail" -> throw ApiException.serverBusy(Duration.ofSeconds(1));
                case "cut off" -> {
                    test.cutOff();
                    exchange.ok(new Answer(run));
                }
                case "large" -> exchange.ok("x".repeat(5_000));
                case "wait" -> {
                    STARTED.countDown();
                    MAY_GO_ON.acquire();
                    exchange.ok(new Answer(run));
                }
                default -> stream(exchange, run);
            }
        }

        private void stream(Exchange exchange, int run) throws InterruptedException {
            try (EventStream events = exchange.events()) {
                for (int i = 0; i < 50; i++) events.send(new Answer(run));
                if (Json.tree(exchange.bytes()).path("mode").asText().equals("cut")) {
                    MAY_GO_ON.acquire();
                    for (int i = 0; i < 50; i++) events.send(new Answer(run));
                }
                events.done();
            }
        }
    }

    @BeforeAll
    static void start() {
        test = TestDatabase.open();
        new ProcessDao(test.database()).beat("server_1", "node", Duration.ofMinutes(10));
        replies = new IdempotencyDao(test.database(), Duration.ofHours(24), Duration.ofHours(1));
        kept = new KeptReplies(replies, 1 << 20, Duration.ofMillis(20));
        server = new TestServer(List.of(new CountingResource()), Map.of("a", caller("a"), "b", caller("b")),
                Optional.of(new Idempotency(kept, "server_1", BILLED, 4_000)), 1 << 20);
    }

    @AfterAll
    static void stop() {
        server.close();
        kept.close();
        test.close();
    }

    private static Caller caller(String tenant) {
        return new Caller(tenant, tenant, "key_" + tenant, Set.of(Scope.INFERENCE));
    }

    private static HttpResponse<byte[]> post(String caller, String path, String key, String mode) {
        return server.send(HttpRequest.newBuilder(server.uri(path)).header("Authorization", "Bearer " + caller)
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString("{\"mode\":\"" + mode + "\"}")).build());
    }

    private static HttpResponse<byte[]> chat(String key, String mode) {
        return post("a", "/v1/chat/completions", key, mode);
    }

    private static boolean replayed(HttpResponse<byte[]> response) {
        return response.headers().firstValue("Idempotency-Replayed").filter("true"::equals).isPresent();
    }

    @Test
    void aRetryGetsTheStoredReplyAndRunsNothing() {
        for (String mode : List.of("whole", "stream")) {
            HttpResponse<byte[]> first = chat("retry " + mode, mode);
            int runs = RUNS.get();
            HttpResponse<byte[]> second = chat("retry " + mode, mode);
            assertEquals(200, second.statusCode());
            assertArrayEquals(first.body(), second.body());
            assertEquals(first.headers().firstValue("Content-Type"), second.headers().firstValue("Content-Type"));
            assertEquals(runs, RUNS.get());
            assertTrue(replayed(second) && !replayed(first));
        }
    }

    @Test
    void anotherBodyUnderTheSameKeyIsAConflict() {
        chat("body", "whole");
        HttpResponse<byte[]> other = chat("body", "stream");
        assertEquals(409, other.statusCode());
        assertEquals("conflict", Json.tree(other.body()).path("error").path("code").asText());
    }

    @Test
    void whileTheFirstRunsTheSecondHasToComeBack() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<HttpResponse<byte[]>> first = threads.submit(() -> chat("running", "wait"));
            STARTED.await();
            HttpResponse<byte[]> second = chat("running", "wait");
            assertEquals(409, second.statusCode());
            assertTrue(second.headers().firstValue("Retry-After").isPresent());
            MAY_GO_ON.release();
            assertEquals(200, first.get().statusCode());
            assertTrue(replayed(chat("running", "wait")));
        }
    }

    @Test
    void anErrorIsNotKept() {
        assertEquals(429, chat("error", "fail").statusCode());
        int runs = RUNS.get();
        assertEquals(429, chat("error", "fail").statusCode());
        assertEquals(runs + 1, RUNS.get());
    }

    @Test
    void aReplyOverTheLimitIsSentAndNotKept() {
        assertEquals(200, chat("large", "large").statusCode());
        assertFalse(replayed(chat("large", "large")));
    }

    /** Else its client would be refused until the longest that a request may run. */
    @Test
    void aReplyThatADatabaseCouldNotBeToldIsKeptWhenItIsBack() {
        for (int i = 0; i < 8; i++) {
            byte[] first = chat("away " + i, "cut off").body();
            HttpResponse<byte[]> retry = chat("away " + i, "cut off");
            while (Set.of(409, 503).contains(retry.statusCode())) retry = chat("away " + i, "cut off");
            assertTrue(replayed(retry));
            assertArrayEquals(first, retry.body());
        }
    }

    @Test
    void tenantsDoNotShareKeysAndOtherRoutesHaveNone() {
        chat("shared", "whole");
        assertFalse(replayed(post("b", "/v1/chat/completions", "shared", "whole")));
        post("a", "/v1/files", "files", "whole");
        assertFalse(replayed(post("a", "/v1/files", "files", "whole")));
        assertEquals(400, chat("k".repeat(256), "whole").statusCode());
    }

    @Test
    void aStreamWhoseClientLeftIsWholeForTheRetry() throws IOException {
        byte[] body = "{\"mode\":\"cut\"}".getBytes(StandardCharsets.UTF_8);
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream().write(("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                    + "Authorization: Bearer a\r\nIdempotency-Key: cut\r\nContent-Length: " + body.length + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            socket.getInputStream().readNBytes(400);
            socket.setSoLinger(true, 0);
        }
        MAY_GO_ON.release();
        HttpResponse<byte[]> retry = chat("cut", "cut");
        while (retry.statusCode() == 409) retry = chat("cut", "cut");
        assertTrue(replayed(retry));
        String text = new String(retry.body(), StandardCharsets.UTF_8);
        assertEquals(101, text.split("data: ").length - 1);
        assertTrue(text.endsWith("data: [DONE]\n\n"));
    }

    @Test
    void whatADeadServerWasRunningMayRunAgain() {
        byte[] hash = new byte[32];
        replies.begin("a", "dead", hash, "req_1", "server_that_died");
        assertEquals(new IdempotencyDao.Found.Begun(false), replies.begin("a", "dead", hash, "req_2", "server_1"));
        assertEquals(new IdempotencyDao.Found.Running(), replies.begin("a", "dead", hash, "req_3", "server_1"));
        replies.finish("a", "dead", "req_1", new IdempotencyDao.Found.Done(200, "text/plain", new byte[1]));
        assertEquals(new IdempotencyDao.Found.Running(), replies.begin("a", "dead", hash, "req_3", "server_1"));
    }

    /** The last instant at which a kill can hurt: billed, and the reply not kept. */
    @Test
    void whatADeadServerHadBilledIsAnsweredAgainAndCostsNothing() {
        byte[] hash = new byte[32];
        byte[] other = new byte[32];
        other[0] = 1;
        for (byte[] repeated : List.of(hash, other)) {
            String key = "billed " + repeated[0];
            String first = Ids.next("req_");
            String second = Ids.next("req_");
            String third = Ids.next("req_");
            try (Metering dead = new Metering(test.database(), "dies " + repeated[0], Metering.Settings.DEFAULT);
                    Metering next = new Metering(test.database(), "lives " + repeated[0], Metering.Settings.DEFAULT)) {
                replies.begin("b", key, hash, first, "server_that_died");
                assertTrue(cost(dead.recorder(), first) > 0);
                IdempotencyDao.Found.Begun begun = new IdempotencyDao.Found.Begun(repeated == hash);
                assertEquals(begun, replies.begin("b", key, repeated, second, "server_that_died_too"));
                if (begun.billed()) next.recorder().billedBefore().begin(second);
                assertEquals(begun.billed() ? 0 : 44, cost(next.recorder(), second));
                // As long as no reply is kept; then a third has it.
                assertEquals(new IdempotencyDao.Found.Begun(true), replies.begin("b", key, repeated, third, "server_1"));
                replies.finish("b", key, third, new IdempotencyDao.Found.Done(200, "text/plain", new byte[1]));
                assertEquals(IdempotencyDao.Found.Done.class, replies.begin("b", key, repeated, "req_4", "server_1")
                        .getClass());
            }
        }
    }

    private static long cost(LedgerUsageRecorder recorder, String requestId) {
        try (UsageRecorder.Ticket ticket = recorder.open(new UsageRecorder.Start(requestId, "b", "k",
                "chat.completions", "base", Optional.empty(), 0, 100))) {
            return ticket.settle(new Finished(Finished.Reason.STOP_TOKEN, 100, 20, 50, 0, 0, Optional.empty()), 50)
                    .costMicros();
        }
    }

    @Test
    void aDayOldReplyIsGone() {
        IdempotencyDao brief = new IdempotencyDao(test.database(), Duration.ZERO, Duration.ofHours(1));
        byte[] hash = new byte[32];
        brief.begin("b", "old", hash, "req_1", "server_1");
        brief.finish("b", "old", "req_1", new IdempotencyDao.Found.Done(200, "text/plain", new byte[1]));
        assertEquals(new IdempotencyDao.Found.Begun(false), brief.begin("b", "old", hash, "req_2", "server_1"));
    }
}
