package graft.scheduling.drafting;

import java.util.ArrayList;
import java.util.List;

/**
 * Guesses what one sequence says next, token by token: what followed the longest run of tokens like its last ones, in
 * its own text or in former answers of its kind; of equally long ones what followed most often, then latest. Learns
 * from what came of its guesses. Not thread-safe.
 */
public final class Drafter {
    private final NgramIndex own;
    private final Memory memory;
    private final Acceptance acceptance;
    private final int longest;
    private final Followers followers = new Followers();
    private final List<Guess> guesses = new ArrayList<>();
    private int known;

    /** @param kind of the match, with which others like it are counted */
    private record Guess(int token, int kind) {}

    Drafter(Speculation settings, Memory memory) {
        this.memory = memory;
        own = new NgramIndex(settings.window(), settings.shortestMatch());
        acceptance = memory.acceptance().ofSequence();
        longest = Math.min(settings.longestMatch(), settings.window());
    }

    /** Tokens of the text that it was told. */
    public int known() {
        return known;
    }

    /** The text goes on; what was guessed is forgotten. */
    public void add(int token) {
        guesses.clear();
        own.add(token);
        known++;
    }

    /** Guesses one token more, behind what was guessed since the text went on. @return false if nothing matches */
    public boolean guess() {
        followers.clear();
        int[] last = last();
        own.find(last, followers);
        memory.answers().find(last, followers);
        if (followers.isEmpty()) return false;
        guesses.add(new Guess(followers.token(), Acceptance.kind(followers.matched(), followers.agree())));
        return true;
    }

    /** The latest guess. */
    public int token() {
        return guesses.getLast().token();
    }

    /** The chance that the model says the latest guess too, if it said those before it. */
    public double chance() {
        return acceptance.chance(guesses.getLast().kind());
    }

    /**
     * What came of the first guesses; told before the text goes on.
     *
     * @param computed guesses that the model looked at; 0 if none
     * @param accepted how many of them it said too
     */
    public void verified(int computed, int accepted) {
        if (computed == 0) acceptance.pass();
        for (int i = 0; i < Math.min(computed, accepted + 1); i++)
            acceptance.verified(guesses.get(i).kind(), i < accepted);
        guesses.clear();
    }

    private int[] last() {
        int count = Math.min(longest, own.length() + guesses.size());
        int[] last = new int[count];
        for (int back = 0; back < count; back++) {
            last[count - 1 - back] = back < guesses.size() ? guesses.get(guesses.size() - 1 - back).token()
                    : own.recent(back - guesses.size());
        }
        return last;
    }
}
