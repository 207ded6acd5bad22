package graft.weights.pattern;

/** What all expressions of one adapter together may do. Belongs to one thread. */
public final class Steps {
    private long left;

    /** @param most a step is one look at one place of a text, about ten nanoseconds */
    public Steps(long most) {
        if (most < 1) throw new IllegalArgumentException("most " + most);
        left = most;
    }

    /** @throws InvalidExpressionException when there are none left */
    void take(long count) {
        left -= count;
        if (left < 0) throw new InvalidExpressionException("is an expression that takes too many steps");
    }
}
