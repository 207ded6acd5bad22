package graft.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code ./graft bench engine}: tokens a second of one stream, of eight base streams, of eight streams of one adapter
 * and of eight streams over three adapters and the base, in interleaved rounds; as ratios within one run.
 */
public final class Main {
    private static final String BASE = "SmolLM2-135M-Instruct";
    private static final int ROUNDS = 5;
    private static final int TOKENS = 48;
    private static final List<Peer.Workload> WORKLOADS = List.of(
            new Peer.Workload("base, 1 stream", List.of(BASE), 1, TOKENS),
            new Peer.Workload("base, 8 streams", List.of(BASE), 8, TOKENS),
            new Peer.Workload("one adapter, 8 streams", List.of("house-voice"), 8, TOKENS),
            new Peer.Workload("3 adapters and base, 8 streams",
                    List.of("triage", "house-voice", "raft-reader", BASE), 8, TOKENS));

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        Path root = Path.of(System.getProperty("graft.root", ".")).toAbsolutePath().normalize();
        if (arguments.length > 0 && arguments[0].equals("retrieval")) {
            System.exit(RetrievalCommand.run(root, List.of(arguments).subList(1, arguments.length)));
        }
        if (arguments.length != 1 || !arguments[0].equals("engine")) {
            System.err.println("usage: ./graft bench engine | " + RetrievalCommand.USAGE);
            System.exit(2);
        }
        try (Peer graft = Peer.graft(root)) {
            engine(graft).finish(root);
        }
    }

    private static Report engine(Peer graft) {
        Map<String, double[]> rounds = new LinkedHashMap<>();
        for (Peer.Workload workload : WORKLOADS) {
            graft.load().tokensPerSecond(workload.models(), workload.streams(), workload.maxTokens()); // warm
            rounds.put(workload.name(), new double[ROUNDS]);
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (Peer.Workload workload : WORKLOADS) {
                rounds.get(workload.name())[round] = graft.load().tokensPerSecond(workload.models(),
                        workload.streams(), workload.maxTokens());
            }
        }
        Report report = new Report("engine");
        List<Measurement> measured = new ArrayList<>();
        rounds.forEach((name, values) -> {
            measured.add(new Measurement(values));
            report.figure(graft.name() + ": " + name + " (tokens/s)", measured.getLast());
        });
        report.ratio("8 streams / 1 stream", measured.get(1).over(measured.get(0)));
        report.ratio("one adapter / base, 8 streams", measured.get(2).over(measured.get(1)));
        report.ratio("mixed / base, 8 streams", measured.get(3).over(measured.get(1)));
        return report;
    }
}
