package graft.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import graft.benchmarks.lora.MadeAdapter;
import graft.benchmarks.lora.Shape;
import graft.benchmarks.peers.Ask;
import graft.benchmarks.peers.GraftServer;
import graft.benchmarks.peers.Streamed;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
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
 * <p>Memory for adapters holds the largest size once and nothing is kept on the host or on disk for longer than
 * {@link #HOLD}, so that asking for the evictor makes all others cold.
 */
final class SwapBench {
    private static final String ADAPTER = "swap";
    private static final String EVICTOR = "evictor";
    private static final Duration HOLD = Duration.ofSeconds(1);
    private static final long LOAD_BYTES_PER_SECOND = 32 << 20;
    private static final int STREAMS = 8;
    private static final int EVENTS = 4;
    private static final double COLD_MILLIS = 300;
    private static final double DISTURBED = 1.05;
    private final Options options;
    private final Random random = new Random(7);
    private final Rounds rounds = new Rounds();
    private final Report report = new Report("swap");
    private final Map<Integer, String> artifacts = new HashMap<>();
    private Path work;
    private GraftServer graft;
    private int version;

    SwapBench(Options options) {
        this.options = options;
    }

    void run() throws IOException {
        work = WorkFolder.make();
        rounds.count();
        report.note("loading is throttled to " + LOAD_BYTES_PER_SECOND + " bytes a second, precision "
                + options.precision());
        long largest = options.mebibytes().stream().mapToLong(size -> made(size, 0).bytes()).max().orElseThrow();
        try (GraftServer server = GraftServer.start("graft", options.root(), work, options.demoModel(), Map.of(
                "GRAFT_PRECISION", options.precision(),
                "GRAFT_ENGINE_ADAPTER_BYTES", String.valueOf(largest + made(1, 0).bytes()),
                "GRAFT_ENGINE_ADAPTER_HOST_BYTES", "0", "GRAFT_ADAPTERS_CACHE_BYTES", "1",
                "GRAFT_ADAPTERS_CACHE_HOLD", HOLD.toString(),
                "GRAFT_ADAPTERS_LOAD_BYTES_PER_SECOND", String.valueOf(LOAD_BYTES_PER_SECOND)))) {
            graft = server;
            graft.upload(EVICTOR, made(Math.toIntExact(largest >> 20), 1).peft(work.resolve("evictor"), GraftServer.BASE));
            Optional<StoredBytes> stored = StoredBytes.of(graft, options.cache());
            if (stored.isEmpty()) report.note("psql was not found: no plain process to compare with");
            for (int size : options.mebibytes()) size(size, stored);
        }
        for (String figure : rounds.figures()) report.figure(figure, rounds.of(figure));
        ratios();
        SwapPeers.measure(options, work, report);
        report.finish(options.root());
        WorkFolder.remove(work);
    }

    private static MadeAdapter made(int mebibytes, long seed) {
        return new MadeAdapter(Shape.SMOLLM2_135M, Shape.SMOLLM2_135M.rankOf((long) mebibytes << 20), seed);
    }

    private void size(int size, Optional<StoredBytes> stored) throws IOException {
        String mark = size + " MB: ";
        int first = version + 1;
        int cold = options.rounds();
        for (int i = 0; i < cold + EVENTS; i++) upload(mark, size);
        // Both are on the device: what a move costs by itself.
        for (int i = 0; i < cold; i++) {
            int to = version - i % 2;
            firstToken(ADAPTER + "@" + to);
            move(mark + "alias move to first token, loaded (ms)", to);
        }
        evictAll();
        for (int i = 0; i < cold; i++)
            rounds.add(mark + "cold to first token (ms)", firstToken(ADAPTER + "@" + (first + i)));
        evictAll();
        for (int i = 0; i < cold; i++) move(mark + "alias move to first token, cold (ms)", first + i);
        evictAll();
        int loads = first + cold;
        rounds.add(mark + "p99 between tokens, loading (ms)", beside(i -> firstToken(ADAPTER + "@" + (loads + i))));
        // The same requests on what is loaded, with a plain process for the bytes.
        int resident = loads + EVENTS - 1;
        if (stored.isPresent()) rounds.add(mark + "p99 between tokens, plain process (ms)", beside(i -> {
            stored.get().readAndHash(artifacts.get(loads + i));
            firstToken(ADAPTER + "@" + resident);
        }));
        rounds.add(mark + "p99 between tokens, nothing read (ms)", beside(i -> firstToken(ADAPTER + "@" + resident)));
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

    /** The evictor takes the device's memory; what is on disk goes once it was not asked for a while. */
    private void evictAll() throws IOException {
        for (int i = 0; i < 2; i++) {
            LockSupport.parkNanos(HOLD.plusMillis(200).toNanos());
            firstToken(EVICTOR);
        }
    }

    /** The 99th percentile, in milliseconds, of the time between tokens of streams beside which this happens. */
    private double beside(Interleaved.Event event) throws IOException {
        List<Map<String, Object>> bodies = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++)
            bodies.add(graft.body(GraftServer.BASE, Ask.fresh(random, 16), 3 * options.tokens()));
        Interleaved events = new Interleaved(EVENTS, event);
        List<Streamed> all = events.beside(() -> graft.client().together(bodies));
        return Scenarios.percentile(all.stream().flatMapToDouble(one -> Arrays.stream(one.gaps())).toArray(), 0.99);
    }

    private void ratios() {
        for (int size : options.mebibytes()) {
            String mark = size + " MB: ";
            Measurement loading = rounds.of(mark + "p99 between tokens, loading (ms)");
            if (rounds.has(mark + "p99 between tokens, plain process (ms)")) report.ratio(mark
                    + "p99 between tokens, loading / plain process",
                    loading.over(rounds.of(mark + "p99 between tokens, plain process (ms)")), Goal.atMost(DISTURBED));
            Measurement cold = rounds.of(mark + "cold to first token (ms)");
            if (size == 5) report.ratio("5 MB: cold to first token / 300 ms", cold.times(1 / COLD_MILLIS), Goal.atMost(1));
        }
    }
}
