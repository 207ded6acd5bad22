package graft.benchmarks.peers;

import java.util.function.LongPredicate;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * When an answer's chunks came, by System.nanoTime.
 *
 * @param start  of the request
 * @param chunks as many as had something of the answer in them; a token each, but for servers that join some
 * @param tokens that were asked and generated
 */
public record Streamed(long start, long[] chunks, int tokens) {
    public double firstTokenMillis() {
        return (chunks[0] - start) / 1e6;
    }

    public long end() {
        return chunks[chunks.length - 1];
    }

    /** Tokens a second after the first. */
    public double decodeRate() {
        return (tokens - 1) / ((end() - chunks[0]) / 1e9);
    }

    /** Milliseconds between chunks, where the later one came at such a moment. */
    public DoubleStream gaps(LongPredicate during) {
        return IntStream.range(1, chunks.length).filter(i -> during.test(chunks[i]))
                .mapToDouble(i -> (chunks[i] - chunks[i - 1]) / 1e6);
    }

    /** Milliseconds between chunks. */
    public double[] gaps() {
        double[] gaps = new double[chunks.length - 1];
        for (int i = 0; i < gaps.length; i++) gaps[i] = (chunks[i + 1] - chunks[i]) / 1e6;
        return gaps;
    }
}
