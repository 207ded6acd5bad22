package graft.engine;

import java.util.List;

/**
 * Scores pairs of texts that it reads together (an encoder with a classifier). Any thread may call; calls share the
 * machine with generation and may wait for their turn.
 */
public interface CrossEncoder extends AutoCloseable {
    /** Most tokens of a pair, special ones included. */
    int window();

    /** How many separators stand between the two texts: BERT's one, or the two of RoBERTa's family. */
    default int separators() {
        return 1;
    }

    /**
     * @param tokens both texts with their special tokens
     * @param second where the second text begins
     */
    record Pair(int[] tokens, int second) {}

    /** @return one score a pair, in order, from 0 to 1: how likely the second text answers the first */
    List<Double> score(List<Pair> pairs);

    @Override
    void close();
}
