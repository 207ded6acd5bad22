package graft.generation.template;

import java.time.Clock;

/** One rendering: its clock and what is left of its bounds. Belongs to the thread that renders. */
final class Run {
    final Clock clock;
    private final Template.Limits limits;
    private long steps;
    private int depth;

    Run(Clock clock, Template.Limits limits) {
        this.clock = clock;
        this.limits = limits;
    }

    /** Counts work, so that no template runs for ever. */
    void step(long count) {
        steps += count;
        if (steps > limits.steps()) throw new TemplateException("the template takes more than " + limits.steps()
                + " steps");
    }

    /** A text that was made: bounded in size, and paid for by its length. */
    String made(String text) {
        room(text.length());
        return text;
    }

    /** Asks for room before a text or list of this size is made. */
    void room(long size) {
        if (size > limits.output()) throw new TemplateException("the template makes more than " + limits.output()
                + " characters");
        step(1 + size / 64);
    }

    void enter() {
        if (++depth > limits.depth()) throw new TemplateException("the template recurses more than " + limits.depth()
                + " deep");
    }

    void leave() {
        depth--;
    }
}
