package graft.benchmarks;

import java.nio.file.Path;
import java.util.List;

/** {@code ./graft bench}: measures over HTTP; standard output holds one JSON line, everything else is standard error. */
public final class Main {
    private static final String USAGE = "usage: ./graft bench engine|swap|gateway|routing|soak " + Options.USAGE + " | "
            + RetrievalCommand.USAGE;

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        // llama.cpp's server closes a connection after five idle seconds, which must not meet the next request.
        System.setProperty("jdk.httpclient.keepalive.timeout", "2");
        Path root = Path.of(System.getProperty("graft.root", ".")).toAbsolutePath().normalize();
        System.exit(run(root, List.of(arguments)));
    }

    private static int run(Path root, List<String> arguments) throws Exception {
        String bench = arguments.isEmpty() ? "" : arguments.getFirst();
        List<String> rest = arguments.isEmpty() ? List.of() : arguments.subList(1, arguments.size());
        if (bench.equals("retrieval")) return RetrievalCommand.run(root, rest);
        Options options;
        try {
            options = Options.parse(root, rest);
        } catch (IllegalArgumentException e) {
            System.err.println(USAGE);
            return 2;
        }
        switch (bench) {
            case "engine" -> new EngineBench(options).run();
            case "swap" -> new SwapBench(options).run();
            case "gateway" -> new GatewayBench(options).run();
            case "routing" -> new RoutingBench(options).run();
            case "soak" -> new SoakBench(options).run();
            default -> {
                System.err.println(USAGE);
                return 2;
            }
        }
        return 0;
    }
}
