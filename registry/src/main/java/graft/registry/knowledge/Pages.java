package graft.registry.knowledge;

import java.util.OptionalInt;

/**
 * Pages and slides of a stored text, from 1: a form feed ends one (only parsers write them; no other text has pages).
 * Pure; any thread.
 */
public final class Pages {
    private static final char END = '\f';

    private Pages() {}

    /** The page of a later place. @param page of the text's start; @param codePoints from there */
    public static OptionalInt after(OptionalInt page, String text, int codePoints) {
        return page.isEmpty() ? page : OptionalInt.of(page.getAsInt() + ends(text, codePoints));
    }

    /** The page of the text's start. @param page of a later place; @param codePoints to there */
    public static OptionalInt before(OptionalInt page, String text, int codePoints) {
        return page.isEmpty() ? page : OptionalInt.of(page.getAsInt() - ends(text, codePoints));
    }

    private static int ends(String text, int codePoints) {
        return (int) text.chars().limit(text.offsetByCodePoints(0, codePoints)).filter(c -> c == END).count();
    }
}
