package graft.benchmarks;

import graft.benchmarks.lora.MadeAdapter;
import graft.benchmarks.lora.Shape;
import graft.benchmarks.peers.Ask;
import graft.benchmarks.peers.Contender;
import graft.benchmarks.peers.GraftServer;
import graft.benchmarks.peers.LlamaServer;
import graft.benchmarks.peers.PeftServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * {@code ./graft bench engine}: Graft with sixteen adapters loaded, Graft with none, and the peers that are found, on
 * the same model file with the same adapters and prompts, one after the other in each round and in turned order in
 * every other, so that a machine that becomes slower is no advantage to anybody.
 */
final class EngineBench {
    /** The goals' own mix: each rank three times, and one more of 16. */
    private static final int[] RANKS = {4, 8, 16, 32, 64, 4, 8, 16, 32, 64, 4, 8, 16, 32, 64, 16};
    /** Of an answer in the round that warms caches and code. */
    private static final int WARM_TOKENS = 16;
    private static final String BARE = "graft without adapters";
    private final Options options;
    private Scenarios scenarios = new Scenarios(WARM_TOKENS);
    private final Rounds rounds = new Rounds();
    private final Report report;
    private final List<MadeAdapter> adapters = IntStream.range(0, RANKS.length)
            .mapToObj(i -> new MadeAdapter(Shape.SMOLLM2_135M, RANKS[i], i)).toList();

    EngineBench(Options options) {
        this.options = options;
        this.report = new Report((options.part().equals("raft") ? "engine-raft" : "engine")
                + (options.precision().equals("bf16") ? "" : "-" + options.precision()));
    }

    void run() throws IOException {
        Path work = WorkFolder.make();
        if (!options.part().equals("raft")) streams(work);
        // Two more servers, when the others have ended.
        if (!options.part().equals("streams")) {
            Rounds answers = new Rounds();
            new RaftAnswers(answers, options.tokens() < 32 ? 6 : 12).run(options, work, report);
            for (String figure : answers.figures()) report.figure(figure, answers.of(figure));
        }
        report.finish(options.root());
        WorkFolder.remove(work);
    }

    private void streams(Path work) throws IOException {
        List<Contender> servers = new ArrayList<>();
        try {
            start(servers, work);
            long seed = System.nanoTime();
            report.note("seed " + seed + ", " + options.rounds() + " rounds, " + options.tokens() + " tokens an answer, "
                    + "precision " + options.precision());
            for (int round = -options.warm(); round < options.rounds(); round++) {
                if (round == 0) {
                    rounds.count();
                    scenarios = new Scenarios(options.tokens());
                }
                System.err.println(round < 0 ? "warming" : "round " + (round + 1) + " of " + options.rounds());
                List<Contender> order = round % 2 == 0 ? servers : servers.reversed();
                for (Contender server : order) measure(server, seed + round);
            }
            for (Contender server : servers) {
                figure(server.name() + ": start to ready (s)", server.process().readySeconds());
                figure(server.name() + ": peak memory (MiB)", server.process().statusMebibytes("VmHWM"));
            }
        } finally {
            servers.reversed().forEach(Contender::close);
        }
        ratios();
    }

    private void start(List<Contender> servers, Path work) throws IOException {
        Optional<Path> llama = LlamaServer.programs(options.peers());
        Path model = model(llama);
        // Without speculation: answers to random words repeat themselves, which would flatter us beside the peers.
        Map<String, String> settings = Map.of("GRAFT_PRECISION", options.precision(),
                "GRAFT_ENGINE_SPECULATION_MODE", "off");
        GraftServer graft = GraftServer.start("graft", options.root(), work, model, settings);
        servers.add(graft);
        graft.uploadAll(adapters, work);
        servers.add(GraftServer.start(BARE, options.root(), work, model, settings));
        int threads = Runtime.getRuntime().availableProcessors();
        if (llama.isPresent()) servers.add(LlamaServer.start(llama.get(), model, adapters, work, threads));
        else report.note("llama.cpp was not found: benchmarks/peers/llama-cpp.sh builds it");
        Optional<Path> python = PeftServer.python(options.peers());
        if (python.isPresent()) servers.add(PeftServer.start(python.get(), options.root(), model, adapters, work, threads));
        else report.note("transformers + PEFT were not found: benchmarks/README.md says how they are installed");
    }

    /** The type of file that holds the precision's own bits; without llama.cpp's converter the demo's file as it is. */
    private Path model(Optional<Path> llama) throws IOException {
        String type = switch (options.precision()) {
            case "bf16" -> "BF16";
            case "int8" -> "Q8_0";
            default -> "";
        };
        if (llama.isEmpty() || type.isEmpty()) return options.demoModel();
        return LlamaServer.converted(llama.get(), options.demoModel(), type, options.peers().resolve("models"));
    }

    private void measure(Contender server, long seed) throws IOException {
        String name = server.name() + ": ";
        rounds.add(name + "16 base streams (tokens/s)", scenarios.streams(server, new Random(seed), i -> Ask.BASE));
        if (server.name().equals(BARE)) return;
        rounds.add(name + "1 stream (tokens/s)", scenarios.oneStream(server, new Random(seed)));
        rounds.add(name + "16 streams of one adapter (tokens/s)", scenarios.streams(server, new Random(seed), i -> 2));
        rounds.add(name + "16 streams of 16 adapters (tokens/s)", scenarios.streams(server, new Random(seed), i -> i));
        rounds.add(name + "prompt of 512 (tokens/s)", scenarios.prompt(server, new Random(seed)));
        if (!server.streams()) return;
        double[] prefix = scenarios.sharedPrefix(server, new Random(seed));
        rounds.add(name + "1,000-token prefix, first time (ms)", prefix[0]);
        rounds.add(name + "1,000-token prefix, second time (ms)", prefix[1]);
        rounds.add(name + "p99 between tokens, quiet (ms)", scenarios.gap99(server, new Random(seed)));
        rounds.add(name + "p99 between tokens, busy neighbour (ms)", scenarios.gap99Disturbed(server, new Random(seed)));
    }

    private void figure(String name, double value) {
        report.figure(name, new Measurement(new double[] {value}));
    }

    private void ratios() {
        for (String figure : rounds.figures()) report.figure(figure, rounds.of(figure));
        against("llama.cpp", "1 stream (tokens/s)", Goal.atLeast(0.9));
        against("llama.cpp", "prompt of 512 (tokens/s)", Goal.atLeast(1));
        against("llama.cpp", "16 base streams (tokens/s)", Goal.atLeast(1));
        against("llama.cpp", "16 streams of 16 adapters (tokens/s)",
                Goal.atLeast(options.precision().equals("bf16") ? 4 : 3));
        for (String scenario : List.of("1 stream (tokens/s)", "prompt of 512 (tokens/s)", "16 base streams (tokens/s)",
                "16 streams of 16 adapters (tokens/s)")) against("PEFT", scenario, null);
        Measurement base = rounds.of("graft: 16 base streams (tokens/s)");
        Measurement mixed = rounds.of("graft: 16 streams of 16 adapters (tokens/s)").over(base);
        report.ratio("16 adapters / 16 base", mixed);
        report.ratio("16 adapters / (F x 16 base)", mixed.times(1 / floor(base.median())), Goal.atLeast(0.9));
        report.ratio("16 base: adapters loaded / none", base.over(rounds.of(BARE + ": 16 base streams (tokens/s)")),
                Goal.atLeast(0.98));
        report.ratio("prefix: second time / first", rounds.of("graft: 1,000-token prefix, second time (ms)")
                .over(rounds.of("graft: 1,000-token prefix, first time (ms)")), Goal.atMost(0.05));
        for (String server : List.of("graft", "llama.cpp")) {
            if (!rounds.has(server + ": p99 between tokens, quiet (ms)")) continue;
            Measurement disturbed = rounds.of(server + ": p99 between tokens, busy neighbour (ms)")
                    .over(rounds.of(server + ": p99 between tokens, quiet (ms)"));
            if (server.equals("graft")) report.ratio("p99 between tokens: busy / quiet", disturbed, Goal.atMost(3));
            else report.ratio("p99 between tokens: busy / quiet, " + server, disturbed);
        }
    }

    private void against(String peer, String scenario, Goal goal) {
        if (!rounds.has(peer + ": " + scenario)) return;
        Measurement ratio = rounds.of("graft: " + scenario).over(rounds.of(peer + ": " + scenario));
        String name = scenario.replace(" (tokens/s)", "") + ": graft / " + peer;
        if (goal == null) report.ratio(name, ratio);
        else report.ratio(name, ratio, goal);
    }

    /** What reading the adapters' bytes once a step leaves of the base's speed: T / (T + A / BW), issue 11. */
    private double floor(double baseTokensPerSecond) {
        double step = Scenarios.STREAMS / baseTokensPerSecond;
        double bytes = adapters.stream().mapToLong(MadeAdapter::bytes).sum();
        double rate = Machine.readRate();
        double floor = step / (step + bytes / rate);
        figure("memory read rate (GB/s)", rate / 1e9);
        figure("F of 16 adapters", floor);
        return floor;
    }
}
