package graft.scheduling;

import java.util.List;
import java.util.Objects;

/**
 * One sequence's share of a step: compute the KV of tokens {@code start .. start + length}. The last of them may be a
 * draft, tokens that the sequence does not have yet; each of these is the next one if the model chooses it itself.
 *
 * @param length  of the slice, its draft included
 * @param samples whether the slice reaches the sequence's last token, so that the next one is to be chosen
 * @param draft   guesses of what follows the sequence's last token; only of a slice that samples
 */
public record Slice(Sequence sequence, int start, int length, boolean samples, List<Integer> draft) {
    public Slice {
        Objects.requireNonNull(sequence);
        draft = List.copyOf(draft);
        if (start < 0) throw new IllegalArgumentException("start " + start);
        if (length < 1 + draft.size()) throw new IllegalArgumentException("length " + length + " with draft " + draft);
        if (!samples && !draft.isEmpty()) throw new IllegalArgumentException("a draft without sampling: " + draft);
    }

    /** Without a draft. */
    public Slice(Sequence sequence, int start, int length, boolean samples) {
        this(sequence, start, length, samples, List.of());
    }

    /** The last so many of its tokens are those that {@code sequence.adapters().get(adapter)} applies to. */
    public int tokensOf(int adapter) {
        return Math.clamp(end() - (long) sequence.activeFrom(adapter), 0, length);
    }

    public int end() {
        return start + length;
    }

    /** Tokens that the sequence has. */
    public int certain() {
        return length - draft.size();
    }

    /** Its last so many rows have logits that are looked at: that of the sequence's last token, and the draft's. */
    public int choices() {
        return samples ? 1 + draft.size() : 0;
    }

    /** The token at this place of the sequence, or of the draft behind it; before the step is applied. */
    public int token(int place) {
        int drafted = place - start - certain();
        return drafted < 0 ? sequence.token(place) : draft.get(drafted);
    }
}
