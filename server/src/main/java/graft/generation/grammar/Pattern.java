package graft.generation.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A regular expression as a graph over code points: what ECMAScript's and Java's dialects agree on, without
 * look-around, back references and word borders. Searches, as {@code pattern} does: what is not anchored may have
 * anything around it. Immutable.
 */
final class Pattern {
    private static final int MOST_STATES = 4000;

    /** Reads a code point of the set, or nothing where the set is null. */
    record Move(BitSet set, int target) {}

    private final List<List<Move>> moves = new ArrayList<>();
    private final int end;

    private Pattern(List<PatternParser.Branch> branches) {
        int start = state();
        end = state();
        BitSet all = Characters.set(0, Characters.LIMIT - 1);
        all.clear(0xd800, 0xe000);
        for (PatternParser.Branch branch : branches) {
            int from = free(start);
            int to = state();
            if (!branch.atStart()) moves.get(from).add(new Move(all, from));
            add(branch.part(), free(from), to);
            if (!branch.atEnd()) moves.get(to).add(new Move(all, to));
            moves.get(to).add(new Move(null, end));
        }
    }

    /** @throws InvalidSchemaException naming what of the expression is not supported */
    static Pattern parse(String text) {
        return new Pattern(new PatternParser(text).parse());
    }

    int start() {
        return 0;
    }

    int end() {
        return end;
    }

    int size() {
        return moves.size();
    }

    List<Move> moves(int state) {
        return moves.get(state);
    }

    private int state() {
        if (moves.size() >= MOST_STATES) throw new InvalidSchemaException("A 'pattern' is too large.");
        moves.add(new ArrayList<>(2));
        return moves.size() - 1;
    }

    private int free(int from) {
        int to = state();
        moves.get(from).add(new Move(null, to));
        return to;
    }

    private void add(PatternParser.Part part, int from, int to) {
        switch (part) {
            case PatternParser.Part.One one -> moves.get(from).add(new Move(one.set(), to));
            case PatternParser.Part.All all -> {
                int at = from;
                for (PatternParser.Part each : all.parts()) {
                    int next = state();
                    add(each, at, next);
                    at = next;
                }
                moves.get(at).add(new Move(null, to));
            }
            case PatternParser.Part.Any any -> any.parts().forEach(each -> add(each, free(from), to));
            case PatternParser.Part.Times times -> repeat(times, from, to);
        }
    }

    private void repeat(PatternParser.Part.Times times, int from, int to) {
        int at = free(from);
        for (int i = 0; i < times.least(); i++) {
            int next = state();
            add(times.part(), at, next);
            at = next;
        }
        if (times.most().isEmpty()) {
            int loop = free(at);
            int back = state();
            add(times.part(), loop, back);
            moves.get(back).add(new Move(null, loop));
            at = loop;
        }
        moves.get(at).add(new Move(null, to));
        for (int i = times.least(); i < times.most().orElse(0); i++) {
            int next = state();
            add(times.part(), at, next);
            at = next;
            moves.get(at).add(new Move(null, to));
        }
    }
}
