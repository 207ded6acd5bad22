package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import graft.api.MultipartBody;
import graft.registry.Database;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two servers on one Postgres, as replicas behind a gateway that sends a failed request to the other one. */
@Tag("long")
class ReplicasIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path ADAPTER = Path.of(System.getProperty("graft.root"),
            "server/src/test/resources/adapters/l3-r16-all");
    private static final int MOVES = 12;
    private static final int REQUESTS = 300;
    private static final int AT_ONCE = 12;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    @TempDir
    private Path folder;
    private String key;

    /** Settings of both, and a journal for each. */
    private ChildServer replica(int number, Map<String, String> settings) throws IOException {
        Path data = Files.createDirectories(folder.resolve("data-" + number));
        ChildServer server = ChildServer.start(data, 0, Map.of("graft.journal", journal(number).toString(),
                "graft.step-micros", "8000"), settings);
        key = Files.readString(data.resolve("admin.key")).strip();
        return server;
    }

    private Path journal(int number) {
        return folder.resolve("journal-" + number);
    }

    private static Map<String, String> settings(SharedPostgres postgres) {
        Map<String, String> settings = new HashMap<>(postgres.settings());
        settings.put("GRAFT_METERING_LEASE", "PT5S");
        return settings;
    }

    private HttpRequest.Builder to(ChildServer server, String path) {
        return HttpRequest.newBuilder(URI.create(server.url() + path)).timeout(Duration.ofMinutes(2))
                .header("Authorization", "Bearer " + key);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> post(ChildServer server, String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = to(server, path).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) request.headers(headers);
        return send(request);
    }

    private void upload(ChildServer server, double alpha) throws Exception {
        ObjectNode config = (ObjectNode) JSON.readTree(ADAPTER.resolve("adapter_config.json").toFile());
        MultipartBody body = new MultipartBody().file("f", "adapter_config.json",
                JSON.writeValueAsBytes(config.put("lora_alpha", alpha))).file("f", "adapter_model.safetensors",
                Files.readAllBytes(ADAPTER.resolve("adapter_model.safetensors")));
        HttpResponse<String> made = send(to(server, "/admin/v1/adapters/moving/versions")
                .header("Content-Type", MultipartBody.TYPE).POST(HttpRequest.BodyPublishers.ofByteArray(body.bytes())));
        assertEquals(201, made.statusCode(), made.body());
    }

    /** When a request was sent, and which version answered it. */
    private record Seen(long sentNanos, int replica, String version) {}

    @Test
    void replicasNeverDisagreeOnAnAliasForMoreThanASecond() throws Exception {
        try (SharedPostgres postgres = SharedPostgres.start(folder.resolve("postgres"));
                ChildServer first = replica(0, settings(postgres));
                ChildServer second = replica(1, settings(postgres))) {
            List<ChildServer> replicas = List.of(first, second);
            upload(first, 8);
            upload(first, 16);
            List<Seen> seen = new ArrayList<>();
            List<BlockingQueue<String>> live = List.of(new LinkedBlockingQueue<>(), new LinkedBlockingQueue<>());
            List<Long> movedNanos = new ArrayList<>();
            AtomicBoolean over = new AtomicBoolean();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<List<Seen>>> watching = new ArrayList<>();
                for (int i = 0; i < replicas.size(); i++) {
                    int replica = i;
                    watching.add(threads.submit(() -> watch(replicas.get(replica), replica, live.get(replica), over)));
                }
                for (int move = 0; move < MOVES; move++) {
                    HttpResponse<String> moved = send(to(replicas.get(move % 2),
                            "/admin/v1/adapters/moving/aliases/production").header("Content-Type", "application/json")
                            .PUT(HttpRequest.BodyPublishers.ofString("{\"version\":" + (2 - move % 2) + "}")));
                    assertEquals(200, moved.statusCode(), moved.body());
                    movedNanos.add(System.nanoTime());
                    awaitAgreement("moving@" + (2 - move % 2), live);
                }
                over.set(true);
                for (Future<List<Seen>> one : watching) seen.addAll(one.get());
            }
            check(seen, movedNanos);
        }
    }

    /** Until each replica has answered ten times in a row as that version. */
    private static void awaitAgreement(String version, List<BlockingQueue<String>> live) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        for (BlockingQueue<String> answers : live) {
            for (int inARow = 0; inARow < 10; ) {
                String answer = answers.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                assertNotNull(answer, () -> "no agreement on " + version);
                inARow = answer.equals(version) ? inARow + 1 : 0;
            }
        }
    }

    private List<Seen> watch(ChildServer server, int replica, BlockingQueue<String> live, AtomicBoolean over)
            throws Exception {
        List<Seen> seen = new ArrayList<>();
        while (!over.get()) {
            long sent = System.nanoTime();
            HttpResponse<String> answer = post(server, "/v1/completions",
                    "{\"model\":\"moving\",\"prompt\":\"a\",\"max_tokens\":1}");
            assertEquals(200, answer.statusCode(), answer.body());
            String version = JSON.readTree(answer.body()).path("model").asText();
            seen.add(new Seen(sent, replica, version));
            live.add(version);
        }
        return seen;
    }

    private static void check(List<Seen> seen, List<Long> movedNanos) {
        long worst = 0;
        for (int move = 0; move < movedNanos.size(); move++) {
            long from = movedNanos.get(move);
            long to = move + 1 < movedNanos.size() ? movedNanos.get(move + 1) : Long.MAX_VALUE;
            String now = "moving@" + (2 - move % 2);
            for (Seen one : seen) {
                // The next move's answer may have been late: who asked shortly before it is not judged by it.
                if (one.sentNanos() < from || one.sentNanos() > to - TimeUnit.MILLISECONDS.toNanos(400)) continue;
                if (!one.version().equals(now)) worst = Math.max(worst, one.sentNanos() - from);
            }
        }
        System.out.println("replicas: " + seen.size() + " answers over " + movedNanos.size()
                + " moves, the last stale one was asked for " + worst / 1_000_000
                + " ms after its move was acknowledged");
        assertTrue(seen.stream().map(Seen::replica).distinct().count() == 2 && seen.size() > MOVES * 4, "few answers");
        assertTrue(worst < TimeUnit.SECONDS.toNanos(1), "stale for " + worst / 1_000_000 + " ms");
    }

    @Test
    void aReplicaThatStartsBringsTheAdaptersThatGetTraffic() throws Exception {
        try (SharedPostgres postgres = SharedPostgres.start(folder.resolve("postgres"));
                ChildServer first = replica(0, settings(postgres))) {
            upload(first, 8);
            for (int i = 0; i < 3; i++) assertEquals(200, post(first, "/v1/completions",
                    "{\"model\":\"moving\",\"prompt\":\"a\",\"max_tokens\":1}").statusCode());
            try (ChildServer second = replica(1, settings(postgres))) {
                String key = "running_lora_adapters=\"moving\"";
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
                String metrics = "";
                while (!metrics.contains(key) && System.nanoTime() < end)
                    metrics = send(to(second, "/metrics")).body();
                assertTrue(metrics.contains(key), metrics);
            }
        }
    }

    @Test
    void aReplicaThatIsToldToEndIsNotReadyAndFinishesItsStreams() throws Exception {
        try (SharedPostgres postgres = SharedPostgres.start(folder.resolve("postgres"));
                ChildServer server = replica(0, settings(postgres))) {
            String body = "{\"model\":\"" + FakeServer.BASE + "\",\"stream\":true,\"max_tokens\":600,"
                    + "\"ignore_eos\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Go on\"}]}";
            HttpResponse<Stream<String>> stream = http.send(to(server, "/v1/chat/completions")
                    .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build(),
                    HttpResponse.BodyHandlers.ofLines());
            Iterator<String> lines = stream.body().iterator();
            assertTrue(lines.next().contains("\"delta\""));
            Thread ending = Thread.ofVirtual().start(server::close);
            while (send(to(server, "/health/ready")).statusCode() != 503) assertTrue(ending.isAlive());
            HttpResponse<String> refused = post(server, "/v1/chat/completions", body);
            assertEquals(429, refused.statusCode(), refused.body()); // server_busy: the gateway asks another
            assertTrue(refused.headers().firstValue("Retry-After").isPresent(), () -> refused.headers().toString());
            List<String> rest = new ArrayList<>();
            lines.forEachRemaining(rest::add);
            ending.join();
            assertTrue(rest.contains("data: [DONE]"), () -> rest.size() + " lines: " + rest);
            assertTrue(rest.stream().filter(line -> line.contains("\"content\"")).count() > 100, "few were left");
        }
    }

    @Test
    void killingAReplicaLosesNoRequestThatIsRetriedAndBillsNoTokenTwice() throws Exception {
        try (SharedPostgres postgres = SharedPostgres.start(folder.resolve("postgres"));
                ChildServer first = replica(0, settings(postgres));
                ChildServer second = replica(1, settings(postgres))) {
            Map<Integer, String> answers = new ConcurrentHashMap<>();
            AtomicInteger retries = new AtomicInteger();
            AtomicInteger next = new AtomicInteger();
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> clients = new ArrayList<>();
                for (int i = 0; i < AT_ONCE; i++) clients.add(threads.submit(() -> {
                    for (int at = next.getAndIncrement(); at < REQUESTS; at = next.getAndIncrement()) {
                        if (at == REQUESTS / 3) first.kill();
                        answers.put(at, answered(List.of(first, second), at, retries));
                    }
                    return null;
                }));
                for (Future<?> client : clients) client.get();
            }
            assertEquals(REQUESTS, answers.size());
            for (int at = 0; at < REQUESTS; at++) {
                HttpResponse<String> again = ask(second, at);
                assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""), again.body());
                assertEquals(answers.get(at), again.body());
            }
            try (Database database = postgres.join()) {
                settled(database, retries.get());
            }
        }
    }

    /** As a gateway: to the replicas by turns, to the other when a connection breaks, again when told to come back. */
    private String answered(List<ChildServer> replicas, int number, AtomicInteger retries) throws Exception {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
        for (int attempt = 0; System.nanoTime() < end; attempt++) {
            try {
                HttpResponse<String> answer = ask(replicas.get((number + attempt) % 2), number);
                if (answer.statusCode() == 200) return answer.body();
                assertTrue(List.of(409, 429, 503).contains(answer.statusCode()), answer.body());
                TimeUnit.MILLISECONDS.sleep(100); // what Retry-After asks for, cut short
            } catch (IOException broken) {
                retries.incrementAndGet();
            }
        }
        throw new IllegalStateException("request " + number + " was never answered");
    }

    private HttpResponse<String> ask(ChildServer server, int number) throws IOException, InterruptedException {
        return post(server, "/v1/chat/completions", "{\"model\":\"" + FakeServer.BASE + "\",\"max_tokens\":40,"
                + "\"ignore_eos\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Request " + number + "\"}]}",
                "Idempotency-Key", "replica-" + number);
    }

    private void settled(Database database, int retries) throws Exception {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (count(database, "usage_request WHERE state = 'open'") > 0 && System.nanoTime() < end)
            TimeUnit.MILLISECONDS.sleep(200); // the other replica settles them once the lease is over
        Map<String, Integer> emitted = new HashMap<>(JournalingEngine.read(journal(0)));
        emitted.putAll(JournalingEngine.read(journal(1)));
        long over = database.asOperator(handle -> handle.createQuery("""
                SELECT q.request_id, coalesce(sum(e.quantity), 0) AS billed FROM usage_request q
                    LEFT JOIN usage_event e ON e.request_id = q.request_id AND e.component = 'decode'
                GROUP BY q.request_id
                """).map(row -> row.getColumn("billed", Long.class)
                        - emitted.getOrDefault(row.getColumn("request_id", String.class), 0)).list()).stream()
                .filter(difference -> difference > 0).count();
        long whole = count(database, "usage_request WHERE operation = 'chat.completions' AND ended <> 'crash'");
        long crashed = count(database, "usage_request WHERE operation = 'chat.completions' AND ended = 'crash'");
        long twice = count(database, "(SELECT request_id FROM usage_event WHERE component = 'decode' "
                + "GROUP BY request_id HAVING count(*) > 1) doubled");
        System.out.println("replicas: " + REQUESTS + " requests answered, connections that broke " + retries
                + ", billed whole " + whole + " (above the requests: settled, killed before the reply was kept, made anew)"
                + ", cut by the kill " + crashed + ", billed above what was generated " + over
                + ", events twice " + twice);
        assertEquals(0, count(database, "usage_request WHERE state = 'open'"));
        // An answer whose row was settled and whose reply was not yet kept when the kill came is made anew, in a row
        // that costs nothing: a gap between two transactions, at most one a request that ran there.
        assertTrue(whole >= REQUESTS && whole <= REQUESTS + AT_ONCE, "answers billed " + whole);
        assertEquals(0, over + twice);
        assertTrue(retries > 0 && crashed > 0, "the kill met nothing");
    }

    private static long count(Database database, String from) {
        return database.asOperator(handle -> handle.createQuery("SELECT count(*) FROM " + from).mapTo(Long.class)
                .one());
    }
}
