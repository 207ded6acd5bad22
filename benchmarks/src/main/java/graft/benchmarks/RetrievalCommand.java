package graft.benchmarks;

import graft.benchmarks.peers.GraftServer;
import graft.benchmarks.retrieval.Collection;
import graft.benchmarks.retrieval.RetrievalBench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@code ./graft bench retrieval}: a collection through a fresh server, or through the one of an earlier run. */
final class RetrievalCommand {
    static final String USAGE = "./graft bench retrieval --collection DIR [--run FILE] [--data DIR]";
    private static final Set<String> OPTIONS = Set.of("--collection", "--run", "--data");

    private RetrievalCommand() {}

    /** @return 0 when all of the collection was searched, 1 when some of it could not be, 2 for wrong usage */
    static int run(Path root, List<String> arguments) throws IOException {
        Map<String, Path> given = new HashMap<>();
        for (int i = 0; i + 1 < arguments.size(); i += 2) {
            if (OPTIONS.contains(arguments.get(i))) given.put(arguments.get(i), Path.of(arguments.get(i + 1)));
        }
        if (!given.containsKey("--collection") || given.size() * 2 != arguments.size()) {
            System.err.println("usage: " + USAGE);
            return 2;
        }
        Optional<Path> data = Optional.ofNullable(given.get("--data")).map(Path::toAbsolutePath);
        Collection collection;
        try {
            collection = Collection.read(given.get("--collection"));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            return 2;
        }
        Path fresh = Files.createTempDirectory("graft-bench-");
        try (GraftServer graft = GraftServer.demo(root, fresh, data.orElse(fresh.resolve("data")))) {
            RetrievalBench bench = new RetrievalBench(collection, graft.url(), graft.key());
            RetrievalBench.Outcome outcome = bench.measure(Optional.ofNullable(given.get("--run")));
            report(outcome).finish(root, outcome.complete());
            return outcome.complete() ? 0 : 1;
        }
    }

    private static Report report(RetrievalBench.Outcome outcome) {
        Report report = new Report("retrieval");
        report.figure("one fused search over HTTP (ms)", new Measurement(outcome.millis()));
        report.figure("p95 of it (ms)", new Measurement(new double[] {
                outcome.millis()[outcome.millis().length * 95 / 100]}));
        outcome.figures().forEach((name, value) -> report.ratio(name, new Measurement(new double[] {value})));
        return report;
    }
}
