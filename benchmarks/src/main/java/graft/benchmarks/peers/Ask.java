package graft.benchmarks.peers;

import java.util.Random;

/**
 * One request: token ids to go on from, greedily and past any end.
 *
 * @param adapter number of the adapter, or {@link #BASE}
 */
public record Ask(int[] prompt, int tokens, int adapter) {
    public static final int BASE = -1;
    /** Ordinary words of the demo's vocabulary of 49,152. */
    private static final int FIRST = 1000;
    private static final int PAST = 40_000;

    /** A prompt that no cache has met. */
    public static int[] fresh(Random random, int length) {
        return random.ints(length, FIRST, PAST).toArray();
    }
}
