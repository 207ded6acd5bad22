package graft.scheduling;

import java.util.List;

/**
 * The tokens chosen for a sequence whose slice samples: the slice's draft as far as it came true, and the one behind it.
 *
 * @param tokens at least one; all but the last are the draft's first ones
 */
public record Chosen(long sequenceId, List<Integer> tokens) {
    public Chosen {
        tokens = List.copyOf(tokens);
    }

    public Chosen(long sequenceId, int token) {
        this(sequenceId, List.of(token));
    }

    /** Tokens of the draft that came true. */
    public int accepted() {
        return tokens.size() - 1;
    }

    /** Whether this is an answer to the slice. */
    boolean fits(Slice slice) {
        return slice.samples() && !tokens.isEmpty() && accepted() <= slice.draft().size()
                && tokens.subList(0, accepted()).equals(slice.draft().subList(0, accepted()));
    }
}
