package graft.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import graft.benchmarks.StoredBytes.Pace;
import graft.benchmarks.lora.MadeAdapter;
import graft.benchmarks.lora.Shape;
import graft.benchmarks.peers.Ask;
import graft.benchmarks.peers.GraftServer;
import graft.benchmarks.peers.Streamed;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code ./graft bench swap}: from an upload, an alias move and a cold adapter to the first token, and what loading
 * costs the streams beside it, against the same run in which a plain process reads and hashes the same bytes.
 *
 * <p>A server a size, whose memory holds two adapters of it and whose disk none for longer than {@link #HOLD}: taking
 * {@link #VERSIONS} versions in turn, each is cold again when its turn comes.
 */
final class SwapBench {
    private static final String ADAPTER = "swap";
    private static final Duration HOLD = Duration.ofSeconds(1);
    /** Between two cold requests: all the other versions together take longer than {@link #HOLD}. */
    private static final Duration REST = Duration.ofMillis(400);
    private static final int VERSIONS = 6;
    private static final long LOAD_BYTES_PER_SECOND = 32 << 20;
    private static final int STREAMS = 8;
    private static final int STREAM_TOKENS = 160;
    private static final int EVENTS = 8;
    private static final int LEAST_COLD = 5;
    private static final double COLD_MILLIS = 300;
    private static final double DISTURBED = 1.05;
    private static final String LOADING = "p99 between tokens, loading (ms)";
    private static final String PLAIN = "p99 between tokens, plain process (ms)";
    private static final String PACED = "p99 between tokens, plain process at the loads' rate (ms)";
    private static final String NOTHING = "p99 between tokens, nothing read (ms)";
    private final Options options;
    private final Random random = new Random(7);
    private final Rounds rounds = new Rounds();
    private final Report report = new Report("swap");
    private final Map<Integer, String> artifacts = new HashMap<>();
    /** Of all rounds, by figure: one round has so few steps that its 99th percentile is nearly the longest of them. */
    private final Map<String, List<Double>> gaps = new HashMap<>();
    private Path work;
    private GraftServer graft;
    private int version;
    private int turn;

    /** What happens beside running streams, and the figure that it costs. */
    private record Beside(String figure, Interleaved.Event event) {}

    SwapBench(Options options) {
        this.options = options;
    }

    void run() throws IOException {
        work = WorkFolder.make();
        rounds.count();
        report.note("while answers run, loading is throttled to " + LOAD_BYTES_PER_SECOND
                + " bytes a second; precision " + options.precision()
                + "; without speculation, so that a step is a token");
        for (int size : options.mebibytes()) measured(size);
        for (String figure : rounds.figures()) report.figure(figure, rounds.of(figure));
        ratios();
        SwapPeers.measure(options, work, report);
        report.finish(options.root());
        WorkFolder.remove(work);
    }

    private static MadeAdapter made(int mebibytes, long seed) {
        return new MadeAdapter(Shape.SMOLLM2_135M, Shape.SMOLLM2_135M.rankOf((long) mebibytes << 20), seed);
    }

    private void measured(int size) throws IOException {
        try (GraftServer server = GraftServer.start("graft-" + size, options.root(), work, options.demoModel(), Map.of(
                "GRAFT_PRECISION", options.precision(), "GRAFT_ENGINE_SPECULATION_MODE", "off",
                "GRAFT_ENGINE_ADAPTER_BYTES", String.valueOf(made(size, 0).bytes() * 5 / 2),
                "GRAFT_ENGINE_ADAPTER_HOST_BYTES", "0", "GRAFT_ADAPTERS_CACHE_BYTES", "1",
                "GRAFT_ADAPTERS_CACHE_HOLD", HOLD.toString(),
                "GRAFT_ADAPTERS_LOAD_BYTES_PER_SECOND", String.valueOf(LOAD_BYTES_PER_SECOND)))) {
            graft = server;
            version = 0;
            artifacts.clear();
            size(size + " MB: ", size);
        }
    }

    private void size(String mark, int size) throws IOException {
        for (int i = 0; i < VERSIONS; i++) upload(mark, size);
        int samples = Math.max(LEAST_COLD, options.rounds());
        // Both are on the device: what a move costs by itself.
        for (int i = 0; i < samples; i++) {
            int to = version - i % 2;
            firstToken(ADAPTER + "@" + to);
            move(mark + "alias move to first token, loaded (ms)", to);
        }
        for (int i = 0; i < samples; i++)
            rounds.add(mark + "cold to first token (ms)", firstToken(ADAPTER + "@" + cold()));
        for (int i = 0; i < samples; i++) move(mark + "alias move to first token, cold (ms)", cold());
        List<Beside> all = besides(made(size, 0).bytes());
        for (Beside one : all) beside(one.event()); // until the JVM has compiled what they run
        for (int round = 0; round < options.rounds(); round++) {
            for (Beside one : all) {
                List<Double> some = beside(one.event());
                gaps.computeIfAbsent(mark + one.figure(), name -> new ArrayList<>()).addAll(some);
                rounds.add(mark + one.figure(), p99(some));
            }
            Collections.rotate(all, 1);
        }
    }

    private static double p99(List<Double> gaps) {
        return Scenarios.percentile(gaps.stream().mapToDouble(Double::doubleValue).toArray(), 0.99);
    }

    /** The same requests each time: for a version that is not there, or for one that is, with or without a reader. */
    private List<Beside> besides(long bytes) throws IOException {
        List<Beside> all = new ArrayList<>();
        all.add(new Beside(LOADING, i -> firstToken(ADAPTER + "@" + next())));
        Optional<StoredBytes> stored = StoredBytes.of(graft, options.cache());
        if (stored.isEmpty()) report.note("psql was not found: no plain process to compare with");
        stored.ifPresent(reader -> {
            all.add(new Beside(PLAIN, i -> plain(reader, Optional.empty())));
            all.add(new Beside(PACED, i -> plain(reader, Optional.of(new Pace(bytes, LOAD_BYTES_PER_SECOND)))));
        });
        all.add(new Beside(NOTHING, i -> firstToken(ADAPTER + "@" + version)));
        return all;
    }

    private void plain(StoredBytes reader, Optional<Pace> pace) throws IOException {
        reader.readAndHash(artifacts.get(next()), pace);
        firstToken(ADAPTER + "@" + version);
    }

    /** The version whose turn it is, nowhere but in Postgres by now. */
    private int cold() {
        LockSupport.parkNanos(REST.toNanos());
        return next();
    }

    /** Never the newest, which is asked for where nothing is to be loaded. */
    private int next() {
        return version - VERSIONS + 1 + turn++ % (VERSIONS - 1);
    }

    private void upload(String mark, int size) throws IOException {
        Path folder = made(size, 100 + version).peft(work.resolve("swap"), GraftServer.BASE);
        long start = System.nanoTime();
        JsonNode reply = graft.upload(ADAPTER, folder);
        double replied = (System.nanoTime() - start) / 1e6;
        version = reply.get("version").asInt();
        double token = firstToken(ADAPTER + "@" + version);
        rounds.add(mark + "upload (ms)", replied);
        rounds.add(mark + "upload to first token (ms)", replied + token);
        JsonNode files = graft.client().send(graft.client().request("/admin/v1/adapters/" + ADAPTER + "/versions/"
                + version).GET().build()).get("files");
        for (JsonNode file : files)
            if (file.get("name").asText().endsWith(".safetensors")) artifacts.put(version, file.get("digest").asText());
    }

    private void move(String figure, int to) throws IOException {
        long start = System.nanoTime();
        graft.move(ADAPTER, "production", to);
        double moved = (System.nanoTime() - start) / 1e6;
        rounds.add(figure, moved + firstToken(ADAPTER));
    }

    /** Milliseconds. */
    private double firstToken(String model) throws IOException {
        try {
            return graft.client().stream(graft.body(model, Ask.fresh(random, 16), 1)).firstTokenMillis();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** Milliseconds between tokens of streams beside which this happens. */
    private List<Double> beside(Interleaved.Event event) throws IOException {
        List<Map<String, Object>> bodies = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++)
            bodies.add(graft.body(GraftServer.BASE, Ask.fresh(random, 16), STREAM_TOKENS));
        Interleaved events = new Interleaved(EVENTS, event);
        List<Streamed> all = events.beside(() -> graft.client().together(bodies));
        return all.stream().flatMapToDouble(one -> one.gaps(events::during)).boxed().toList();
    }

    private void ratios() {
        for (int size : options.mebibytes()) {
            String mark = size + " MB: ";
            for (String plain : List.of(PLAIN, PACED)) {
                if (!gaps.containsKey(mark + plain)) continue;
                double ratio = p99(gaps.get(mark + LOADING)) / p99(gaps.get(mark + plain));
                report.ratio(mark + LOADING.replace(" (ms)", " / ") + plain.substring("p99 between tokens, ".length())
                        .replace(" (ms)", ", of all rounds"), new Measurement(new double[] {ratio}),
                        Goal.atMost(DISTURBED));
            }
            Measurement cold = rounds.of(mark + "cold to first token (ms)");
            if (size == 5) report.ratio("5 MB: cold to first token / 300 ms", cold.times(1 / COLD_MILLIS), Goal.atMost(1));
        }
    }
}
