package graft.scheduling.drafting;

/** Makes the drafters of one engine, and remembers answers for them. Not thread-safe. */
public final class Drafters {
    private final Speculation settings;
    private final Memory.Kinds kinds;

    public Drafters(Speculation settings) {
        this.settings = settings;
        this.kinds = new Memory.Kinds(settings);
    }

    /** @param kind names whose answers are alike and may be shown to each other: equal only for one tenant */
    public Drafter drafter(Object kind) {
        return new Drafter(settings, kinds.of(kind));
    }

    /** Keeps a whole answer, for those of its kind that come later. */
    public void keep(Object kind, int[] answer) {
        kinds.of(kind).keep(answer);
    }
}
