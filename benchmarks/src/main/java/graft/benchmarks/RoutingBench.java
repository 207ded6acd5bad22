package graft.benchmarks;

import graft.benchmarks.lora.MadeAdapter;
import graft.benchmarks.lora.Shape;
import graft.benchmarks.peers.GraftServer;
import graft.benchmarks.routing.Fleet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * {@code ./graft bench routing}: how many adapters four replicas with room for a third of them have to load while a
 * Zipf trace over 60 is replayed through the endpoint picker, which reads our /metrics; against round robin, and against
 * a gauge that lists only adapters with running requests, as vLLM's does. Each way of routing first meets part of the
 * trace uncounted.
 */
final class RoutingBench {
    private static final int SERVERS = 4;
    private static final int ADAPTERS = 60;
    private static final int FIT = 20;
    private static final int WARM = 150;
    private static final int COUNTED = 300;
    private static final int RANK = 8;
    /** The tiny model of the tests: three layers of 64 columns, so that four servers fit on a small machine. */
    private static final Shape TINY = new Shape(3, 64, 160, 8, 2, 8);
    private static final Path MODEL = Path.of("server/src/test/resources/models/tiny-llama3");
    private static final List<Fleet.Routing> ROUTINGS = List.of(Fleet.Routing.values());
    private final Options options;
    private final Rounds rounds = new Rounds();
    private final Report report = new Report("routing");

    RoutingBench(Options options) {
        this.options = options;
    }

    void run() throws IOException {
        Path work = WorkFolder.make();
        rounds.count();
        long bytes = new MadeAdapter(TINY, RANK, 0).bytes();
        try (Fleet fleet = Fleet.start(SERVERS, options.root(), work, options.root().resolve(MODEL), FIT * bytes)) {
            for (int i = 0; i < ADAPTERS; i++)
                fleet.upload("adapter-" + i,
                        new MadeAdapter(TINY, RANK, i).peft(work.resolve("peft"), GraftServer.BASE));
            for (int round = 0; round < options.rounds(); round++) {
                int[] trace = zipf(new Random(round), WARM + COUNTED);
                // Turned each round, because each way starts with the adapters that the one before it left loaded.
                for (int i = 0; i < ROUTINGS.size(); i++)
                    replay(fleet, ROUTINGS.get((round + i) % ROUTINGS.size()), trace, round);
            }
        }
        for (String figure : rounds.figures()) report.figure(figure, rounds.of(figure));
        Measurement affinity = rounds.of(name(Fleet.Routing.RESIDENT));
        report.ratio("loads, by residency / round robin", affinity.over(rounds.of(name(Fleet.Routing.ROUND_ROBIN))),
                Goal.atMost(0.5));
        report.ratio("loads, by residency / by running", affinity.over(rounds.of(name(Fleet.Routing.RUNNING))),
                Goal.atMost(1));
        report.note(SERVERS + " servers, " + ADAPTERS + " adapters, room for " + FIT + " each, " + COUNTED
                + " requests, Zipf 1.0, 8 at a time");
        report.finish(options.root());
        WorkFolder.remove(work);
    }

    private void replay(Fleet fleet, Fleet.Routing routing, int[] trace, int seed) throws IOException {
        fleet.replay(routing, Arrays.copyOf(trace, WARM), seed);
        rounds.add(name(routing), 1 + fleet.replay(routing, Arrays.copyOfRange(trace, WARM, trace.length), seed));
    }

    /** One is added everywhere, so that a ratio has a divisor. */
    private static String name(Fleet.Routing routing) {
        return "loads + 1, " + routing.said();
    }

    /** Adapter numbers; the popular ones are others in each round. */
    private static int[] zipf(Random random, int length) {
        double[] weights = new double[ADAPTERS];
        for (int i = 0; i < ADAPTERS; i++) weights[i] = 1.0 / (i + 1) + (i == 0 ? 0 : weights[i - 1]);
        int turn = random.nextInt(ADAPTERS);
        int[] trace = new int[length];
        for (int i = 0; i < length; i++) {
            double at = random.nextDouble() * weights[ADAPTERS - 1];
            int rank = 0;
            while (weights[rank] < at) rank++;
            trace[i] = (rank + turn) % ADAPTERS;
        }
        return trace;
    }
}
