package graft.scheduling;

/**
 * What one engine may do in a step and hold at a time.
 *
 * @param tokensPerStep      most tokens computed in one step, over all sequences
 * @param maxRunning         most sequences holding KV blocks at a time
 * @param maxWaiting         most sequences in the waiting line; one more is refused
 * @param maxAdaptersPerStep most distinct adapter sets in one step; sequences without an adapter don't count
 * @param blocks             KV blocks of the pool
 * @param tokensPerBlock     tokens a block holds
 * @param patienceSteps      a running sequence that was left out of this many steps goes before all others
 */
public record Limits(int tokensPerStep, int maxRunning, int maxWaiting, int maxAdaptersPerStep, int blocks,
        int tokensPerBlock, int patienceSteps) {
    public static final int DEFAULT_PATIENCE_STEPS = 32;

    public Limits {
        atLeastOne("tokensPerStep", tokensPerStep);
        atLeastOne("maxRunning", maxRunning);
        atLeastOne("maxWaiting", maxWaiting);
        atLeastOne("maxAdaptersPerStep", maxAdaptersPerStep);
        atLeastOne("blocks", blocks);
        atLeastOne("tokensPerBlock", tokensPerBlock);
        atLeastOne("patienceSteps", patienceSteps);
    }

    public Limits(int tokensPerStep, int maxRunning, int maxWaiting, int maxAdaptersPerStep, int blocks,
            int tokensPerBlock) {
        this(tokensPerStep, maxRunning, maxWaiting, maxAdaptersPerStep, blocks, tokensPerBlock,
                DEFAULT_PATIENCE_STEPS);
    }

    /** @return blocks that hold this many tokens */
    int blocksFor(int tokens) {
        return Math.ceilDiv(tokens, tokensPerBlock);
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) throw new IllegalArgumentException(name + " " + value);
    }
}
