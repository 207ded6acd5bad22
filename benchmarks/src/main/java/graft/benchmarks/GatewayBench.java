package graft.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import graft.benchmarks.peers.Ask;
import graft.benchmarks.peers.CompletionClient;
import graft.benchmarks.peers.GraftServer;
import graft.benchmarks.peers.Streamed;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * {@code ./graft bench gateway}: ten tenants on a saturated engine. Nine keep one stream each; the tenth goes from
 * twice its fair share to a hundred times, and the nine's time to their first token should hardly notice. And what
 * metering costs: the processor time of the ledger's thread and of all of Postgres, of all that longer answers take.
 */
final class GatewayBench {
    private static final int OTHERS = 9;
    private static final int MODEST = 2;
    private static final int GREEDY = 100;
    private static final int PROMPT = 16;
    private static final int ANSWER = 8;
    private static final int RUNNING = 8;
    private static final int METERED_ANSWER = 64;
    private static final int SECONDS = 15;
    /** Of a phase, that are not looked at: a hundred clients begin at one instant, and then the line is as it stays. */
    private static final int SETTLING = 3;
    private static final double METERING_GOAL = 0.02;
    private static final double GOAL = 1.2;
    private static final String AT_MODEST = "nine tenants, the tenth at 2x: p99 first token (ms)";
    private static final String AT_GREEDY = "nine tenants, the tenth at 100x: p99 first token (ms)";
    private static final String METERING = "ledger and Postgres of all processor time";
    private final Options options;

    GatewayBench(Options options) {
        this.options = options;
    }

    void run() throws IOException {
        Path work = WorkFolder.make();
        Report report = new Report("gateway");
        Rounds rounds = new Rounds();
        // The batch is smaller than the nine's streams, so that somebody always waits.
        try (GraftServer graft = GraftServer.start("graft", options.root(), work, options.demoModel(), Map.of(
                "GRAFT_PRECISION", options.precision(), "GRAFT_ENGINE_MAX_RUNNING", String.valueOf(RUNNING)))) {
            List<CompletionClient> tenants = new ArrayList<>();
            for (int i = 0; i <= OTHERS; i++) tenants.add(tenant(graft, "tenant " + i));
            phase(graft, tenants, MODEST);
            rounds.count();
            for (int round = 0; round < options.rounds(); round++) {
                rounds.add(AT_MODEST, phase(graft, tenants, MODEST));
                rounds.add(AT_GREEDY, phase(graft, tenants, GREEDY));
                rounds.add(METERING, metering(graft, tenants));
            }
        } catch (ExecutionException | InterruptedException e) {
            throw new IOException("the load ended early", e);
        }
        for (String name : List.of(AT_MODEST, AT_GREEDY)) report.figure(name, rounds.of(name));
        report.ratio("p99 first token of the nine: 100x / 2x", rounds.of(AT_GREEDY).over(rounds.of(AT_MODEST)),
                Goal.atMost(GOAL));
        report.note(OTHERS + " tenants of one stream each, " + RUNNING + " sequences in a batch, " + SECONDS
                + " s a phase after " + SETTLING + " s in which the line forms");
        report.ratio(METERING, rounds.of(METERING), Goal.atMost(METERING_GOAL));
        report.note(RUNNING + " streams of " + METERED_ANSWER + " tokens; Postgres's time is admission's and names' "
                + "too, the engine thread's part in counting is not in it");
        report.finish(options.root());
        WorkFolder.remove(work);
    }

    private static double metering(GraftServer graft, List<CompletionClient> tenants) throws IOException,
            InterruptedException, ExecutionException {
        ProcessorTime before = ProcessorTime.of(graft.process().pid());
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> load = new ArrayList<>();
            for (int stream = 0; stream < RUNNING; stream++) {
                CompletionClient client = tenants.get(stream);
                Random random = new Random(System.nanoTime() + stream);
                load.add(threads.submit(() -> {
                    while (System.nanoTime() < end)
                        client.stream(graft.body(GraftServer.BASE, Ask.fresh(random, PROMPT), METERED_ANSWER));
                    return true;
                }));
            }
            for (Future<?> one : load) one.get();
        }
        return ProcessorTime.of(graft.process().pid()).shareSince(before);
    }

    private static CompletionClient tenant(GraftServer graft, String name) throws IOException {
        CompletionClient admin = graft.client();
        JsonNode tenant = admin.send(admin.request("/admin/v1/tenants").header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"" + name + "\"}")).build());
        JsonNode key = admin.send(admin.request("/admin/v1/tenants/" + tenant.path("id").asText() + "/keys")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"scopes\":[\"inference\"]}")).build());
        return new CompletionClient(graft.url(), key.path("secret").asText());
    }

    /** @return the nine's p99 of the time to the first token, in milliseconds */
    private static double phase(GraftServer graft, List<CompletionClient> tenants, int greedyStreams)
            throws InterruptedException, ExecutionException {
        Queue<Double> firsts = new ConcurrentLinkedQueue<>();
        long settled = System.nanoTime() + SETTLING * 1_000_000_000L;
        long end = settled + SECONDS * 1_000_000_000L;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> load = new ArrayList<>();
            for (int stream = 0; stream < OTHERS + greedyStreams; stream++) {
                boolean greedy = stream >= OTHERS;
                CompletionClient client = tenants.get(greedy ? OTHERS : stream);
                Random random = new Random(System.nanoTime() + stream);
                load.add(threads.submit(() -> {
                    while (System.nanoTime() < end) {
                        boolean counts = !greedy && System.nanoTime() >= settled;
                        Streamed answer = client.stream(graft.body(GraftServer.BASE, Ask.fresh(random, PROMPT),
                                ANSWER));
                        if (counts) firsts.add(answer.firstTokenMillis());
                    }
                    return true;
                }));
            }
            for (Future<?> one : load) one.get();
        }
        double[] sorted = firsts.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[Math.min(sorted.length - 1, (int) Math.ceil(sorted.length * 0.99) - 1)];
    }
}
