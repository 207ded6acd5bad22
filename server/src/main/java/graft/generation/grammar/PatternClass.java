package graft.generation.grammar;

import java.util.BitSet;

/** The sets of code points that a regular expression names. */
final class PatternClass {
    /** What no dialect's dot matches, and more. */
    static final BitSet LINE_ENDS = of("\n\r\u0085\u2028\u2029");
    private static final BitSet DIGITS = Characters.set('0', '9');
    private static final BitSet WORD = word();
    private static final BitSet BLANK = of(" \t\n\r\f\u000b");
    /** ECMAScript's \s is wider than Java's: what is a blank to either is none of \S. */
    private static final BitSet MAYBE_BLANK = of(" \t\n\r\f\u000b\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
            + "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff");

    private PatternClass() {}

    private static BitSet of(String text) {
        BitSet set = new BitSet(Characters.LIMIT);
        text.codePoints().forEach(set::set);
        return set;
    }

    private static BitSet word() {
        BitSet set = Characters.set('a', 'z');
        set.set('A', 'Z' + 1);
        set.set('0', '9' + 1);
        set.set('_');
        return set;
    }

    /** Behind {@code [}. */
    static BitSet bracket(PatternParser in) {
        boolean negated = in.skip('^');
        BitSet set = new BitSet(Characters.LIMIT);
        if (in.isNext(']')) throw in.refused("an empty class");
        while (!in.skip(']')) {
            // Java reads these as operators on sets, ECMAScript as themselves.
            if (in.isNext('[') || in.isNext('&') && in.isAt(1, '&')) throw in.refused("this in a class");
            BitSet low = one(in, negated);
            if (!in.isNext('-') || in.isAt(1, ']')) {
                set.or(low);
                continue;
            }
            in.skip('-');
            BitSet high = one(in, negated);
            if (low.cardinality() != 1 || high.cardinality() != 1 || high.nextSetBit(0) < low.nextSetBit(0))
                throw in.refused("this range");
            set.set(low.nextSetBit(0), high.nextSetBit(0) + 1);
        }
        return withoutSurrogates(negated ? Characters.not(set) : set);
    }

    private static BitSet one(PatternParser in, boolean negated) {
        int point = in.point();
        return point == '\\' ? escape(in, negated) : Characters.set(point, point);
    }

    /** Behind a backslash; {@code negated} asks for what may match rather than what surely does. */
    static BitSet escape(PatternParser in, boolean negated) {
        int point = in.point();
        return switch (point) {
            case 'd' -> DIGITS;
            case 'D' -> withoutSurrogates(Characters.not(DIGITS));
            case 'w' -> WORD;
            case 'W' -> withoutSurrogates(Characters.not(WORD));
            case 's' -> negated ? MAYBE_BLANK : BLANK;
            case 'S' -> withoutSurrogates(Characters.not(negated ? BLANK : MAYBE_BLANK));
            case 'n' -> of("\n");
            case 'r' -> of("\r");
            case 't' -> of("\t");
            case 'f' -> of("\f");
            case 'x' -> hexadecimal(in, 2);
            case 'u' -> hexadecimal(in, 4);
            default -> {
                if (point < 128 && Character.isLetterOrDigit(point))
                    throw in.refused("'\\" + (char) point + "'");
                yield Characters.set(point, point);
            }
        };
    }

    private static BitSet hexadecimal(PatternParser in, int digits) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = Character.digit(in.point(), 16);
            if (digit < 0) throw in.refused("this escape");
            value = value * 16 + digit;
        }
        if (value >= 0xd800 && value < 0xe000) throw in.refused("half a character");
        return Characters.set(value, value);
    }

    private static BitSet withoutSurrogates(BitSet set) {
        set.clear(0xd800, 0xe000);
        return set;
    }
}
