package graft.benchmarks;

import graft.benchmarks.lora.MadeAdapter;
import graft.benchmarks.lora.Shape;
import graft.benchmarks.peers.Ask;
import graft.benchmarks.peers.GraftServer;
import graft.benchmarks.peers.Streamed;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code ./graft bench soak}: mixed load for an hour (or --minutes), while the server's memory, threads and files are
 * sampled from its own /metrics. Flat means that the last quarter's median is what the second quarter's was; the first
 * is for caches to fill.
 */
final class SoakBench {
    private static final int STREAMS = 12;
    private static final int ADAPTERS = 12;
    private static final int SAMPLES_A_MINUTE = 12;
    private static final double FLAT = 1.05;
    private static final Map<String, String> SAMPLED = new LinkedHashMap<>(Map.of(
            "process_resident_memory_bytes", "resident memory (MiB)",
            "jvm_memory_used_bytes{area=\"heap\"}", "heap used (MiB)",
            "jvm_buffer_pool_used_bytes{pool=\"direct\"}", "direct buffers (MiB)",
            "jvm_threads_current", "threads", "process_open_fds", "open files"));
    private final Options options;
    private final Rounds samples = new Rounds();
    private final AtomicLong tokens = new AtomicLong();
    private final AtomicLong requests = new AtomicLong();
    private volatile boolean over;

    SoakBench(Options options) {
        this.options = options;
    }

    void run() throws IOException {
        Path work = WorkFolder.make();
        Report report = new Report("soak");
        samples.count();
        boolean whole = true;
        try (GraftServer graft = GraftServer.start("graft", options.root(), work, options.demoModel(), Map.of(
                "GRAFT_PRECISION", options.precision(),
                // So small that adapters come and go all the time.
                "GRAFT_ENGINE_ADAPTER_BYTES", String.valueOf(24 << 20),
                "GRAFT_ENGINE_ADAPTER_HOST_BYTES", String.valueOf(8 << 20)));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<MadeAdapter> made = new ArrayList<>();
            for (int i = 0; i < ADAPTERS; i++) made.add(new MadeAdapter(Shape.SMOLLM2_135M, 4 + i, i));
            graft.uploadAll(made, work);
            List<Future<?>> load = new ArrayList<>();
            for (int i = 0; i < STREAMS; i++) {
                Random random = new Random(i);
                load.add(threads.submit(() -> ask(graft, random)));
            }
            load.add(threads.submit(() -> uploadAndMove(graft, work)));
            whole = sample(graft, load);
            over = true;
            for (Future<?> each : load) each.get();
        } catch (ExecutionException | InterruptedException e) {
            throw new IOException("the load ended early", e);
        }
        report.note(options.minutes() + " minutes, " + STREAMS + " streams over " + ADAPTERS + " adapters and the base, "
                + requests + " requests, " + tokens + " tokens");
        for (String name : samples.figures()) {
            double[] all = samples.of(name).values();
            report.figure(name, samples.of(name));
            report.ratio(name.replaceFirst(" \\(.*", "") + ": last quarter / second",
                    new Measurement(new double[] {median(all, 3) / median(all, 1)}), Goal.atMost(FLAT));
        }
        report.finish(options.root(), whole);
        WorkFolder.remove(work);
    }

    private static double median(double[] all, int quarter) {
        int length = Math.max(1, all.length / 4);
        double[] part = new double[length];
        System.arraycopy(all, Math.min(quarter * length, all.length - length), part, 0, length);
        return new Measurement(part).median();
    }

    private Void ask(GraftServer graft, Random random) throws IOException {
        while (!over) {
            int adapter = random.nextInt(ADAPTERS + 4) - 4;
            Ask ask = new Ask(Ask.fresh(random, 1 + random.nextInt(300)), 1 + random.nextInt(64),
                    Math.max(Ask.BASE, adapter));
            Streamed answer = graft.run(List.of(ask)).getFirst();
            tokens.addAndGet(answer.tokens());
            requests.incrementAndGet();
        }
        return null;
    }

    /** A version a few seconds, the alias to it, the one before it deleted. */
    private Void uploadAndMove(GraftServer graft, Path work) throws IOException {
        for (int version = 2; !over; version++) {
            graft.upload("adapter-0", new MadeAdapter(Shape.SMOLLM2_135M, 4, 1000 + version)
                    .peft(work.resolve("fresh"), GraftServer.BASE));
            graft.move("adapter-0", "production", version);
            graft.client().send(graft.client().request("/admin/v1/adapters/adapter-0/versions/" + (version - 1))
                    .DELETE().build());
        }
        return null;
    }

    /** @return whether the load lasted as long as the samples */
    private boolean sample(GraftServer graft, List<Future<?>> load) throws IOException, InterruptedException {
        int count = options.minutes() * SAMPLES_A_MINUTE;
        for (int i = 0; i < count; i++) {
            Thread.sleep(60_000 / SAMPLES_A_MINUTE);
            Map<String, Double> now = scrape(graft);
            SAMPLED.forEach((metric, name) -> {
                double unit = name.endsWith("(MiB)") ? 1 << 20 : 1;
                samples.add(name, now.get(metric) / unit);
            });
            if (load.stream().anyMatch(Future::isDone)) return false;
        }
        return true;
    }

    private static Map<String, Double> scrape(GraftServer graft) throws IOException {
        Map<String, Double> values = new TreeMap<>();
        HttpRequest request = graft.client().request("/metrics").GET().build();
        graft.client().text(request).lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            int space = line.lastIndexOf(' ');
            values.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
        });
        return values;
    }
}
