package graft.scheduling.drafting;

import java.util.Objects;

/**
 * How far a step may compute ahead of what is certain: tokens that n-grams of the prompt, of the answer so far and of
 * former answers of the same kind foretell are computed along with the last certain one, and kept up to the first that
 * is not what the model says itself (prompt lookup decoding, Saxena 2023; vLLM's "ngram" method). Answers stay the same.
 *
 * @param mode             engine.speculation.mode
 * @param draftTokens      engine.speculation.draft-tokens: most of one sequence in one step
 * @param shortestMatch    engine.speculation.shortest-match: tokens that must have been met before
 * @param longestMatch     engine.speculation.longest-match: more say nothing more
 * @param window           engine.speculation.window: latest tokens of a sequence that are looked at
 * @param rememberedTokens engine.speculation.remembered-tokens: of former answers to a tenant with the same adapters;
 *                         0 remembers none
 * @param rememberedKinds  engine.speculation.remembered-kinds: tenants and sets of adapters that are remembered
 * @param freeRows         engine.speculation.free-rows: rows that a step computes in the time of its fixed part, which
 *                         is mostly reading the weights
 */
public record Speculation(Mode mode, int draftTokens, int shortestMatch, int longestMatch, int window,
        int rememberedTokens, int rememberedKinds, double freeRows) {
    /** AUTO drafts where it makes steps pay more than they cost, ON wherever anything matches. */
    public enum Mode { AUTO, ON, OFF }

    public static final Speculation OFF = new Speculation(Mode.OFF, 1, 1, 1, 1, 0, 1, 1);
    public static final Speculation DEFAULT = new Speculation(Mode.AUTO, 12, 2, 16, 16_384, 4096, 64, 6);

    public Speculation {
        Objects.requireNonNull(mode);
        atLeast(1, "draftTokens", draftTokens);
        atLeast(1, "shortestMatch", shortestMatch);
        atLeast(shortestMatch, "longestMatch", longestMatch);
        atLeast(1, "window", window);
        atLeast(0, "rememberedTokens", rememberedTokens);
        atLeast(1, "rememberedKinds", rememberedKinds);
        if (!(freeRows > 0)) throw new IllegalArgumentException("freeRows " + freeRows);
    }

    public Speculation withMode(Mode other) {
        return new Speculation(other, draftTokens, shortestMatch, longestMatch, window, rememberedTokens,
                rememberedKinds, freeRows);
    }

    private static void atLeast(int least, String name, int value) {
        if (value < least) throw new IllegalArgumentException(name + " " + value);
    }
}
