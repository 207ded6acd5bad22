package graft.scheduling.drafting;

/**
 * How often guesses of each kind came true, counted with forgetting, and until there is enough to count as those before
 * have it. Guesses of one kind have matched equally many tokens, with or without places that said something else.
 */
final class Acceptance {
    static final int LONGEST_TOLD_APART = 4;
    static final int KINDS = 2 * LONGEST_TOLD_APART;
    /** By matched tokens: what is believed of guesses before any was verified. Of the demo's quotes 0.85 to 0.94 came
     * true where all places agreed and 0.13 to 0.4 where not; other texts keep to their past less. */
    private static final double[] AGREED = {0.4, 0.6, 0.7, 0.8};
    private static final double DISPUTED = 0.25;

    private final Acceptance prior;
    private final double priorWeight;
    private final int most;
    private final double[] tried = new double[KINDS];
    private final double[] accepted = new double[KINDS];

    /**
     * @param prior       null at the root
     * @param priorWeight guesses that the prior's word counts for
     * @param most        guesses that are remembered of each kind; older ones fade
     */
    private Acceptance(Acceptance prior, double priorWeight, int most) {
        this.prior = prior;
        this.priorWeight = priorWeight;
        this.most = most;
    }

    /** Of a tenant's answers with the same adapters. */
    static Acceptance shared() {
        return new Acceptance(null, 8, 256);
    }

    Acceptance ofSequence() {
        return new Acceptance(this, 4, 32);
    }

    static int kind(int matched, boolean agreed) {
        return 2 * (Math.min(matched, LONGEST_TOLD_APART) - 1) + (agreed ? 1 : 0);
    }

    /** @return the chance that a guess of this kind comes true */
    double chance(int kind) {
        double before = prior != null ? prior.chance(kind) : kind % 2 == 0 ? DISPUTED : AGREED[kind / 2];
        return (accepted[kind] + priorWeight * before) / (tried[kind] + priorWeight);
    }

    void verified(int kind, boolean cameTrue) {
        tried[kind]++;
        if (cameTrue) accepted[kind]++;
        if (tried[kind] > most) {
            tried[kind] /= 2;
            accepted[kind] /= 2;
        }
        if (prior != null) prior.verified(kind, cameTrue);
    }

    /** A token came without a guess: what was measured is a little older, so that a text may become predictable again. */
    void pass() {
        for (int kind = 0; kind < KINDS; kind++) {
            tried[kind] -= tried[kind] / (2 * most);
            accepted[kind] -= accepted[kind] / (2 * most);
        }
        if (prior != null) prior.pass();
    }
}
