package graft.benchmarks.routing;

import graft.benchmarks.peers.GraftServer;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** Replicas on one database, the first one's, and requests routed among them. */
public final class Fleet implements AutoCloseable {
    private static final Duration SCRAPE = Duration.ofMillis(50);
    private static final int AT_ONCE = 8;
    private static final int PROMPT = 16;
    private static final int TOKENS = 4;
    private final List<GraftServer> servers;
    private final List<Map<String, Integer>> running = new ArrayList<>();

    /** How a replica is chosen. */
    public enum Routing {
        ROUND_ROBIN("round robin"), RUNNING("by running adapters"), RESIDENT("by resident adapters");

        private final String said;

        Routing(String said) {
            this.said = said;
        }

        public String said() {
            return said;
        }
    }

    private Fleet(List<GraftServer> servers) {
        this.servers = servers;
        for (int i = 0; i < servers.size(); i++) running.add(new HashMap<>());
    }

    /** @param adapterBytes of each replica's device */
    public static Fleet start(int count, Path root, Path work, Path model, long adapterBytes) throws IOException {
        Map<String, String> settings = new HashMap<>(Map.of("GRAFT_PRECISION", "float32", "GRAFT_THREADS", "1",
                "GRAFT_KEYS_PEPPER", "one pepper for the fleet", "GRAFT_DATABASE_POOL_SIZE", "6",
                "GRAFT_ENGINE_KV_BYTES", "67108864", "GRAFT_ENGINE_ADAPTER_BYTES", String.valueOf(adapterBytes),
                "GRAFT_ADAPTERS_PREFETCH", "0", "GRAFT_JAVA_OPTS", "-Xmx512m"));
        List<GraftServer> servers = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                servers.add(GraftServer.start("graft-" + i, root, work, model, settings));
                if (i == 0) settings.putAll(database(servers.getFirst()));
            }
        } catch (IOException e) {
            servers.reversed().forEach(GraftServer::close);
            throw e;
        }
        return new Fleet(servers);
    }

    /** The first one's own Postgres, as an external one of the others. */
    private static Map<String, String> database(GraftServer first) throws IOException {
        // The fourth line of postmaster.pid is the port (PostgreSQL, pidfile.h).
        String port = Files.readAllLines(first.data().resolve("postgres/data/postmaster.pid")).get(3).strip();
        Properties passwords = new Properties();
        try (Reader file = Files.newBufferedReader(first.data().resolve("postgres/passwords.properties"))) {
            passwords.load(file);
        }
        return Map.of("GRAFT_DATABASE_URL", "jdbc:postgresql://127.0.0.1:" + port + "/graft",
                "GRAFT_DATABASE_USER", "postgres", "GRAFT_DATABASE_PASSWORD", passwords.getProperty("postgres"));
    }

    public void upload(String adapter, Path folder) throws IOException {
        servers.getFirst().upload(adapter, folder);
    }

    /**
     * Sends requests, a few at a time, in the trace's order.
     *
     * @param adapters their numbers
     * @return how many adapters the replicas had to load meanwhile
     */
    public double replay(Routing routing, int[] adapters, int seed) throws IOException {
        Random random = new Random(seed);
        EndpointPicker picker = new EndpointPicker(random);
        List<PodMetrics> seen = new ArrayList<>(scrape(routing));
        double before = loads(seen);
        AtomicInteger next = new AtomicInteger();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> scraping = threads.submit(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    LockSupport.parkNanos(SCRAPE.toNanos());
                    List<PodMetrics> fresh = scrape(routing);
                    synchronized (picker) {
                        Collections.copy(seen, fresh);
                    }
                }
                return null;
            });
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) workers.add(threads.submit(() -> {
                for (int at = next.getAndIncrement(); at < adapters.length; at = next.getAndIncrement()) {
                    String adapter = "adapter-" + adapters[at];
                    int pod;
                    synchronized (picker) {
                        pod = routing == Routing.ROUND_ROBIN ? at % servers.size() : picker.pick(seen, adapter);
                    }
                    ask(pod, adapter, new Random(31L * seed + at));
                }
                return null;
            }));
            for (Future<?> worker : workers) worker.get();
            scraping.cancel(true);
        } catch (ExecutionException | InterruptedException e) {
            throw new IOException("a replay failed: " + e.getMessage(), e);
        }
        return loads(scrape(routing)) - before;
    }

    private void ask(int pod, String adapter, Random random) throws IOException, InterruptedException {
        count(pod, adapter, 1);
        try {
            int[] prompt = random.ints(PROMPT, 3, 600).toArray();
            servers.get(pod).client().stream(servers.get(pod).body(adapter, prompt, TOKENS));
        } finally {
            count(pod, adapter, -1);
        }
    }

    private void count(int pod, String adapter, int more) {
        synchronized (running) {
            running.get(pod).merge(adapter, more, Integer::sum);
        }
    }

    /** What the picker would read now; by RUNNING the adapters are those with a request under way. */
    private List<PodMetrics> scrape(Routing routing) throws IOException {
        List<PodMetrics> pods = new ArrayList<>();
        for (int i = 0; i < servers.size(); i++) {
            var client = servers.get(i).client();
            PodMetrics pod = PodMetrics.of(client.text(client.request("/metrics").GET().build()), GraftServer.BASE);
            pods.add(routing == Routing.RUNNING ? pod.showing(running(i)) : pod);
        }
        return pods;
    }

    private Set<String> running(int pod) {
        synchronized (running) {
            return running.get(pod).entrySet().stream().filter(entry -> entry.getValue() > 0).map(Map.Entry::getKey)
                    .collect(Collectors.toUnmodifiableSet());
        }
    }

    private static double loads(List<PodMetrics> pods) {
        return pods.stream().mapToDouble(PodMetrics::loads).sum();
    }

    @Override
    public void close() {
        servers.reversed().forEach(GraftServer::close); // the first has the database
    }
}
