package graft.benchmarks;

import graft.benchmarks.peers.Ask;
import graft.benchmarks.peers.Contender;
import graft.benchmarks.peers.Streamed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** What is measured of one server in one round. Prompts are fresh in each round, and the same for all servers of it. */
final class Scenarios {
    static final int STREAMS = 16;
    private static final int SHORT_PROMPT = 16;
    private static final int LONG_PROMPT = 512;
    private static final int PREFIX = 1000;
    private final int tokens;

    /** @param tokens of an answer */
    Scenarios(int tokens) {
        this.tokens = tokens;
    }

    /** Tokens a second of one stream, the prompt's time left out where single tokens can be seen. */
    double oneStream(Contender server, Random random) throws IOException {
        Ask ask = new Ask(Ask.fresh(random, SHORT_PROMPT), tokens, Ask.BASE);
        Streamed streamed = server.run(List.of(ask)).getFirst();
        return server.streams() ? streamed.decodeRate() : tokens / ((streamed.end() - streamed.start()) / 1e9);
    }

    /** Prompt tokens a second until the first token of the answer. */
    double prompt(Contender server, Random random) throws IOException {
        Ask ask = new Ask(Ask.fresh(random, LONG_PROMPT), 1, Ask.BASE);
        return LONG_PROMPT / (server.run(List.of(ask)).getFirst().firstTokenMillis() / 1000);
    }

    /** Tokens a second of sixteen streams together. @param adapter of each stream */
    double streams(Contender server, Random random, IntUnaryOperator adapter) throws IOException {
        List<Ask> asks = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++)
            asks.add(new Ask(Ask.fresh(random, SHORT_PROMPT), tokens, adapter.applyAsInt(i)));
        List<Streamed> all = server.run(asks);
        long start = all.stream().mapToLong(Streamed::start).min().orElseThrow();
        long end = all.stream().mapToLong(Streamed::end).max().orElseThrow();
        return STREAMS * tokens / ((end - start) / 1e9);
    }

    /** Time to the first token of a long prompt, and of another with the same beginning: milliseconds each. */
    double[] sharedPrefix(Contender server, Random random) throws IOException {
        int[] prefix = Ask.fresh(random, PREFIX);
        double[] millis = new double[2];
        for (int i = 0; i < millis.length; i++) {
            int[] prompt = IntStream.concat(Arrays.stream(prefix), Arrays.stream(Ask.fresh(random, 8))).toArray();
            millis[i] = server.run(List.of(new Ask(prompt, 1, Ask.BASE))).getFirst().firstTokenMillis();
        }
        return millis;
    }

    /** The 99th percentile of one stream's time between tokens, in milliseconds. */
    double gap99(Contender server, Random random) throws IOException {
        return percentile(server.run(List.of(new Ask(Ask.fresh(random, SHORT_PROMPT), 2 * tokens, Ask.BASE)))
                .getFirst().gaps(), 0.99);
    }

    /** The same beside a process that keeps one core busy. */
    double gap99Disturbed(Contender server, Random random) throws IOException {
        Process neighbour = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        try {
            return gap99(server, random);
        } finally {
            neighbour.destroyForcibly();
        }
    }

    static double percentile(double[] values, double share) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[(int) Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
    }
}
