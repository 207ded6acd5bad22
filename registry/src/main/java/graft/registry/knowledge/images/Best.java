package graft.registry.knowledge.images;

import java.util.Arrays;

/** The best few of many scored rows: a heap with the worst of them on top. For one thread. */
final class Best {
    private final float[] scores;
    private final int[] rows;
    private int size;

    Best(int most) {
        scores = new float[most];
        rows = new int[most];
    }

    int size() {
        return size;
    }

    int row(int place) {
        return rows[place];
    }

    void offer(float score, int row) {
        if (size < scores.length) {
            int at = size++;
            for (; at > 0 && scores[(at - 1) / 2] > score; at = (at - 1) / 2) move((at - 1) / 2, at);
            put(at, score, row);
        } else if (size > 0 && score > scores[0]) {
            sink(score, row);
        }
    }

    private void sink(float score, int row) {
        int at = 0;
        for (int child = 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && scores[child + 1] < scores[child]) child++;
            if (scores[child] >= score) break;
            move(child, at);
            at = child;
        }
        put(at, score, row);
    }

    private void move(int from, int to) {
        scores[to] = scores[from];
        rows[to] = rows[from];
    }

    private void put(int at, float score, int row) {
        scores[at] = score;
        rows[at] = row;
    }

    /** Takes all of them out; of equal scores the lower row comes first. */
    int[] bestFirst() {
        long[] keys = new long[size];
        for (int i = 0; i < size; i++) {
            int bits = Float.floatToIntBits(scores[i]);
            int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE); // floats in the order of ints
            keys[i] = (long) ~ordered << 32 | rows[i]; // best score is the least key
        }
        Arrays.sort(keys);
        int[] best = new int[size];
        for (int i = 0; i < size; i++) best[i] = (int) keys[i];
        size = 0;
        return best;
    }
}
