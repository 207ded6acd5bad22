package graft.scheduling.drafting;

import java.util.Arrays;

/** What followed the longest runs met in one search. Used again for the next one. */
final class Followers {
    private int longest;
    private int[] tokens = new int[16];
    private int count;

    void clear() {
        longest = 0;
        count = 0;
    }

    /** A run of so many tokens, and what followed it. */
    void add(int matched, int token) {
        if (matched < longest) return;
        if (matched > longest) count = 0;
        longest = matched;
        if (count == tokens.length) tokens = Arrays.copyOf(tokens, 2 * count);
        tokens[count++] = token;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Tokens of the longest run. */
    int matched() {
        return longest;
    }

    /** The most frequent follower; of equals the first that was added. */
    int token() {
        int best = 0;
        for (int i = 1; i < count; i++) if (times(i) > times(best)) best = i;
        return tokens[best];
    }

    boolean agree() {
        return times(0) == count;
    }

    private int times(int index) {
        int times = 0;
        for (int i = 0; i < count; i++) if (tokens[i] == tokens[index]) times++;
        return times;
    }
}
