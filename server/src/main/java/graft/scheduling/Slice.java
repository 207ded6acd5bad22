package graft.scheduling;

import java.util.Objects;

/**
 * One sequence's share of a step: compute the KV of tokens {@code start .. start + length}.
 *
 * @param samples whether the slice reaches the sequence's last token, so that the next one is to be chosen
 */
public record Slice(Sequence sequence, int start, int length, boolean samples) {
    public Slice {
        Objects.requireNonNull(sequence);
        if (start < 0) throw new IllegalArgumentException("start " + start);
        if (length < 1) throw new IllegalArgumentException("length " + length);
    }

    /** The last so many of its tokens are those that {@code sequence.adapters().get(adapter)} applies to. */
    public int tokensOf(int adapter) {
        return Math.clamp(end() - (long) sequence.activeFrom(adapter), 0, length);
    }

    public int end() {
        return start + length;
    }
}
