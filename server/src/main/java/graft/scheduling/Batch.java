package graft.scheduling;

import java.util.List;

/**
 * What one step computes. Slices of one adapter list are neighbours, those without an adapter come first, so that an
 * engine works on ranges of rows.
 *
 * @param step   its number, from 1
 * @param slices at most one a sequence
 */
public record Batch(long step, List<Slice> slices) {
    public Batch {
        slices = List.copyOf(slices);
    }

    public boolean isEmpty() {
        return slices.isEmpty();
    }

    /** @return tokens computed in this step */
    public int tokens() {
        return slices.stream().mapToInt(Slice::length).sum();
    }
}
