package graft.generation.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/** Reads a regular expression. What is allowed is read so that both dialects agree that the text matches. */
final class PatternParser {
    private static final int LONGEST = 2000;
    private static final int DEEPEST = 32;
    private static final int MOST_TIMES = 4000;

    /** @param atStart whether it is anchored there */
    record Branch(boolean atStart, Part part, boolean atEnd) {}

    sealed interface Part {
        record One(BitSet set) implements Part {}

        record All(List<Part> parts) implements Part {}

        record Any(List<Part> parts) implements Part {}

        record Times(Part part, int least, OptionalInt most) implements Part {}
    }

    private final String pattern;
    private final int[] text;
    private int at;
    private int depth;

    PatternParser(String pattern) {
        this.pattern = pattern;
        this.text = pattern.codePoints().toArray();
        if (text.length > LONGEST) throw new InvalidSchemaException("A 'pattern' is longer than " + LONGEST + ".");
    }

    List<Branch> parse() {
        List<Branch> branches = new ArrayList<>();
        do {
            boolean atStart = take('^');
            Part part = sequence();
            branches.add(new Branch(atStart, part, take('$')));
        } while (take('|'));
        if (at < text.length) throw unsupported("'" + Character.toString(text[at]) + "' where it stands");
        return branches;
    }

    private InvalidSchemaException unsupported(String what) {
        return InvalidSchemaException.unsupported("In the pattern '" + pattern + "', " + what + " is not supported (at "
                + at + ").");
    }

    private boolean sees(int point) {
        return at < text.length && text[at] == point;
    }

    private boolean take(int point) {
        if (!sees(point)) return false;
        at++;
        return true;
    }

    private int next() {
        if (at == text.length) throw unsupported("its sudden end");
        return text[at++];
    }

    private Part sequence() {
        List<Part> parts = new ArrayList<>();
        while (at < text.length && !sees('|') && !sees(')') && !sees('$')) parts.add(repeated(atom()));
        return new Part.All(parts);
    }

    private Part repeated(Part part) {
        Part whole = part;
        if (take('*')) whole = new Part.Times(part, 0, OptionalInt.empty());
        else if (take('+')) whole = new Part.Times(part, 1, OptionalInt.empty());
        else if (take('?')) whole = new Part.Times(part, 0, OptionalInt.of(1));
        else if (take('{')) whole = counted(part);
        else return part;
        take('?'); // lazy or not, the texts are the same
        if (sees('*') || sees('+') || sees('?') || sees('{')) throw unsupported("a second quantifier");
        return whole;
    }

    private Part counted(Part part) {
        int least = count();
        OptionalInt most = OptionalInt.of(least);
        if (take(',')) most = sees('}') ? OptionalInt.empty() : OptionalInt.of(count());
        if (!take('}') || most.isPresent() && most.getAsInt() < least) throw unsupported("this '{'");
        return new Part.Times(part, least, most);
    }

    private int count() {
        int from = at;
        int count = 0;
        while (at < text.length && text[at] >= '0' && text[at] <= '9' && count <= MOST_TIMES)
            count = count * 10 + next() - '0';
        if (at == from || count > MOST_TIMES) throw unsupported("this count");
        return count;
    }

    private Part atom() {
        int point = next();
        return switch (point) {
            case '(' -> group();
            case '[' -> new Part.One(PatternClass.bracket(this));
            case '.' -> new Part.One(Characters.not(PatternClass.LINE_ENDS));
            case '\\' -> new Part.One(PatternClass.escape(this, false));
            case '*', '+', '?', '{', '}', ']', '^' -> throw unsupported("'" + Character.toString(point)
                    + "' where it stands");
            default -> new Part.One(Characters.set(point, point));
        };
    }

    private Part group() {
        if (++depth > DEEPEST) throw unsupported("nesting over " + DEEPEST);
        if (take('?') && !take(':')) name();
        List<Part> parts = new ArrayList<>();
        do parts.add(sequence()); while (take('|'));
        if (!take(')')) throw unsupported("an anchor or an end inside a group");
        depth--;
        return new Part.Any(parts);
    }

    private void name() {
        if (!take('<') || sees('=') || sees('!')) throw unsupported("look-around or a flag");
        while (!take('>')) next();
    }

    /** What a class reads with. */
    int point() {
        return next();
    }

    boolean isNext(int point) {
        return sees(point);
    }

    boolean skip(int point) {
        return take(point);
    }

    boolean isAt(int ahead, int point) {
        return at + ahead < text.length && text[at + ahead] == point;
    }

    InvalidSchemaException refused(String what) {
        return unsupported(what);
    }
}
