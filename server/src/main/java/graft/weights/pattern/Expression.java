package graft.weights.pattern;

import java.util.Arrays;

/**
 * A regular expression with the meaning that Python's {@code re} gives it (docs.python.org/3/library/re.html), as far
 * as names of modules need it. Java's own engine reads some of the same text differently, and can't be stopped: it
 * repeats what matches nothing without ever looking at the text. Here every step counts. Immutable; any thread.
 */
public final class Expression {
    public static final int LONGEST = 1000;
    private static final int DEEPEST = 400;
    private final Node root;
    private final int groups;

    private Expression(Node root, int groups) {
        this.root = root;
        this.groups = groups;
    }

    /** @throws InvalidExpressionException saying what is wrong with it */
    public static Expression parse(String text) {
        if (text.length() > LONGEST) throw new InvalidExpressionException("is an expression of " + text.length()
                + " characters, at most " + LONGEST + " are allowed");
        ExpressionParser parser = new ExpressionParser(text);
        return new Expression(parser.parse(), parser.groups());
    }

    /** {@code re.fullmatch}. */
    public boolean matchesAll(String text, Steps steps) {
        return new Run(text, steps, groups).match(root, end -> end == text.length());
    }

    /** {@code re.match}: from the beginning, not necessarily to the end. */
    public boolean matchesStart(String text, Steps steps) {
        return new Run(text, steps, groups).match(root, _ -> true);
    }

    /** What the group holds after {@link #matchesStart}; empty text where nothing matches or the group took no part. */
    public String groupOfStart(String text, int group, Steps steps) {
        Run run = new Run(text, steps, groups);
        if (!run.match(root, _ -> true) || group > groups || run.starts[group] < 0) return "";
        return text.substring(run.starts[group], run.ends[group]);
    }

    /** What follows a node: whether the rest of the expression matches from here. */
    @FunctionalInterface
    interface Rest {
        boolean matchesFrom(int at);
    }

    /** One attempt on one text. */
    static final class Run {
        final String text;
        final int[] starts;
        final int[] ends;
        private final Steps steps;
        private int depth;

        Run(String text, Steps steps, int groups) {
            this.text = text;
            this.steps = steps;
            starts = new int[groups + 1];
            ends = new int[groups + 1];
            Arrays.fill(starts, -1);
        }

        boolean match(Node root, Rest rest) {
            try {
                return root.match(this, 0, rest);
            } catch (StackOverflowError tooDeep) { // the stack is whole again here
                throw new InvalidExpressionException("is an expression that nests too deeply");
            }
        }

        void step() {
            steps.take(1);
        }

        /** Runs one more round of a repetition inside the rounds before it. */
        boolean deeper(Rest round, int at) {
            if (++depth > DEEPEST) throw new InvalidExpressionException("is an expression that repeats too often");
            try {
                return round.matchesFrom(at);
            } finally {
                depth--;
            }
        }
    }
}
