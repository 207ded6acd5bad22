package graft.registry.knowledge.images;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntUnaryOperator;

/**
 * Windows' vectors in two codes: their signs, one bit a dimension, and one byte a dimension. A question goes through
 * all by the bits that differ (Hamming), through the nearest of these by its own four-bit form against their bits,
 * weighted as RaBitQ does (Gao and Long, SIGMOD 2024), and through the nearest of those by their bytes. The order of
 * what comes out is nearly that of the cosines; whoever needs these computes them from the vectors.
 *
 * <p>Counting bits is one instruction for 64 dimensions on any machine, so that no vector instructions are needed, for
 * which the JVM wants a flag. One thread adds, others may search meanwhile: they see what had been added before.
 */
final class VectorCodes {
    private static final int BLOCK = 1024; // windows; arrays of it stay below half a region of G1
    private static final int PLANES = 4; // bits of a question's dimension
    // Windows that pass the first and the second look. Of 8,000 of MiniLM's all and 99.9 % of the nearest ten did.
    private static final int WIDE = 4000;
    private static final int NARROW = 256;
    private final int dimensions;
    private final int words; // of 64 bits, a window
    private volatile Block[] blocks = {};
    private volatile int count;

    /** @param chunk ordinals; @param weight of the bits: what a step of theirs is worth; @param scale of the bytes */
    private record Block(int[] chunk, long[] bits, float[] weight, byte[] bytes, float[] scale) {}

    VectorCodes(int dimensions) {
        this.dimensions = dimensions;
        this.words = (dimensions + 63) / 64;
    }

    int count() {
        return count;
    }

    long bytes() {
        return (long) blocks.length * BLOCK * (words * 8L + dimensions + 12);
    }

    /** @param vector of any length but 0 */
    void add(int chunk, float[] vector) {
        int at = count % BLOCK;
        if (at == 0) {
            Block[] more = Arrays.copyOf(blocks, blocks.length + 1);
            more[blocks.length] = new Block(new int[BLOCK], new long[BLOCK * words], new float[BLOCK],
                    new byte[BLOCK * dimensions], new float[BLOCK]);
            blocks = more;
        }
        Block block = blocks[count / BLOCK];
        float[] unit = unit(vector);
        float most = Float.MIN_NORMAL;
        double sum = 0;
        for (int d = 0; d < dimensions; d++) {
            if (unit[d] > 0) block.bits[at * words + (d >> 6)] |= 1L << d;
            sum += Math.abs(unit[d]);
            most = Math.max(most, Math.abs(unit[d]));
        }
        for (int d = 0; d < dimensions; d++) {
            block.bytes[at * dimensions + d] = (byte) Math.round(unit[d] * 127 / most);
        }
        block.chunk[at] = chunk;
        block.weight[at] = (float) (1 / Math.max(sum, Float.MIN_NORMAL));
        block.scale[at] = most / 127;
        count = count + 1; // one thread adds; the write publishes what is above
    }

    private static float[] unit(float[] vector) {
        double squares = 0;
        for (float component : vector) squares += (double) component * component;
        float factor = (float) (1 / Math.max(Math.sqrt(squares), Float.MIN_NORMAL));
        float[] unit = new float[vector.length];
        for (int d = 0; d < unit.length; d++) unit[d] = vector[d] * factor;
        return unit;
    }

    /** A question in the forms that windows are compared with. */
    private final class Asked {
        final float[] unit;
        final long[] bits = new long[words];
        final long[] planes = new long[PLANES * words];
        final float low;
        final float step;
        final float total; // of all dimensions

        Asked(float[] vector) {
            unit = unit(vector);
            float least = Float.MAX_VALUE;
            float most = -Float.MAX_VALUE;
            for (float component : unit) {
                least = Math.min(least, component);
                most = Math.max(most, component);
            }
            low = least;
            step = Math.max(Float.MIN_NORMAL, (most - least) / ((1 << PLANES) - 1));
            float sum = 0;
            for (int d = 0; d < dimensions; d++) {
                if (unit[d] > 0) bits[d >> 6] |= 1L << d;
                int level = Math.round((unit[d] - low) / step);
                sum += low + step * level;
                for (int plane = 0; plane < PLANES; plane++) {
                    if ((level >> plane & 1) != 0) planes[plane * words + (d >> 6)] |= 1L << d;
                }
            }
            total = sum;
        }
    }

    /**
     * Ordinals of the chunks with the nearest windows, best first, each once.
     *
     * @param document from a chunk's ordinal to its document's; negative for one that is gone
     * @param allowed  documents, by ordinal; null for all
     * @param most     chunks; fewer come if windows of the same chunk took their places
     */
    int[] nearest(float[] vector, int most, IntUnaryOperator document, BitSet allowed) {
        Asked asked = new Asked(vector);
        int rows = count; // before blocks: those hold at least as many
        Block[] held = blocks;
        short[] differing = new short[rows];
        int[] counts = new int[words * 64 + 2];
        for (int from = 0; from < rows; from += BLOCK) {
            differ(held[from / BLOCK], asked.bits, differing, from, Math.min(BLOCK, rows - from));
        }
        if (allowed != null) exclude(held, differing, document, allowed);
        for (short bits : differing) counts[bits]++;
        int limit = most(counts, Math.max(WIDE, 40 * most));
        Best second = new Best(Math.max(NARROW, 8 * most));
        for (int row = 0; row < rows; row++) {
            if (differing[row] > limit) continue;
            Block block = held[row / BLOCK];
            if (document.applyAsInt(block.chunk[row % BLOCK]) < 0) continue;
            second.offer(byBits(block, row % BLOCK, asked), row);
        }
        Best third = new Best(second.size());
        for (int i = 0; i < second.size(); i++) {
            int row = second.row(i);
            third.offer(byBytes(held[row / BLOCK], row % BLOCK, asked.unit), row);
        }
        return Arrays.stream(third.bestFirst()).map(row -> held[row / BLOCK].chunk[row % BLOCK]).distinct()
                .limit(most).toArray();
    }

    /** The bits that may differ for so many to pass; the last count is of rows that are not allowed. */
    private static int most(int[] counts, int wanted) {
        int bits = 0;
        for (int passed = counts[0]; passed < wanted && bits < counts.length - 2; passed += counts[bits]) bits++;
        return bits;
    }

    private void differ(Block block, long[] asked, short[] into, int first, int rows) {
        long[] bits = block.bits;
        int at = 0;
        for (int row = 0; row < rows; row++) {
            int sum = 0;
            for (int word = 0; word < words; word++) sum += Long.bitCount(bits[at++] ^ asked[word]);
            into[first + row] = (short) sum;
        }
    }

    /** Gives rows of other documents more differing bits than there are. */
    private void exclude(Block[] held, short[] differing, IntUnaryOperator document, BitSet allowed) {
        for (int row = 0; row < differing.length; row++) {
            int of = document.applyAsInt(held[row / BLOCK].chunk[row % BLOCK]);
            if (of < 0 || !allowed.get(of)) differing[row] = (short) (words * 64 + 1);
        }
    }

    /** About the cosine: the question against the signs, each as long as the dimensions are on average. */
    private float byBits(Block block, int row, Asked asked) {
        long[] bits = block.bits;
        long[] planes = asked.planes;
        int set = 0;
        int sum = 0;
        for (int word = 0; word < words; word++) {
            long of = bits[row * words + word];
            set += Long.bitCount(of);
            for (int plane = 0; plane < PLANES; plane++) {
                sum += Long.bitCount(of & planes[plane * words + word]) << plane;
            }
        }
        return (2 * (asked.low * set + asked.step * sum) - asked.total) * block.weight[row];
    }

    private float byBytes(Block block, int row, float[] unit) {
        byte[] bytes = block.bytes;
        int at = row * dimensions;
        float sum = 0;
        float other = 0;
        int d = 0;
        for (; d + 1 < dimensions; d += 2) { // two sums: additions of floats wait for each other
            sum += unit[d] * bytes[at + d];
            other += unit[d + 1] * bytes[at + d + 1];
        }
        if (d < dimensions) sum += unit[d] * bytes[at + d];
        return (sum + other) * block.scale[row];
    }
}
