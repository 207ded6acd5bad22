package graft.scheduling;

import java.util.List;
import java.util.Objects;

/**
 * The state after a step.
 *
 * @param ended  sequences that hold no blocks any more and are forgotten
 * @param counts how full the scheduler is
 */
public record Applied(List<Ended> ended, Counts counts) {
    public Applied {
        ended = List.copyOf(ended);
        Objects.requireNonNull(counts);
    }

    /** A sequence's end; its tokens stay readable. */
    public record Ended(Sequence sequence, Reason reason) {}

    /**
     * STOP_TOKEN: a stop token was chosen, it is the last of the sequence. LENGTH: all new tokens asked for are there.
     * CANNOT_FIT: prompt and answer together are more than the whole pool holds; nothing was computed.
     * FAILED: the step said that what was computed can't be used.
     */
    public enum Reason { STOP_TOKEN, LENGTH, CANCELLED, CANNOT_FIT, FAILED }

    /**
     * @param running      sequences holding blocks
     * @param waiting      sequences without blocks, those preempted included
     * @param preemptions  since the start
     * @param freeBlocks   blocks no sequence uses, cached ones included
     * @param cachedBlocks those of the free blocks that hold a prefix which can still be found
     */
    public record Counts(int running, int waiting, long preemptions, int freeBlocks, int cachedBlocks) {}
}
