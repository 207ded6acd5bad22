package graft.generation.grammar;

import graft.generation.grammar.Graph.Rule;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Code points as JSON strings spell them: UTF-8, or an escape where JSON wants one. One a compilation. */
final class Characters {
    static final int LIMIT = 0x110000;
    private static final int[][] SAME_LENGTH = {{0, 0x7f}, {0x80, 0x7ff}, {0x800, 0xd7ff}, {0xe000, 0xffff},
        {0x10000, 0x10ffff}};
    private final Graph graph;
    private final List<Rule> rules;
    private final Map<BitSet, Rule> escaped = new HashMap<>();
    private final Map<BitSet, Rule> plain = new HashMap<>();
    private Rule any;

    /** @param rules where every rule that is made is listed */
    Characters(Graph graph, List<Rule> rules) {
        this.graph = graph;
        this.rules = rules;
    }

    static BitSet set(int from, int to) {
        BitSet set = new BitSet(LIMIT);
        set.set(from, to + 1);
        return set;
    }

    static BitSet not(BitSet set) {
        BitSet rest = (BitSet) set.clone();
        rest.flip(0, LIMIT);
        return rest;
    }

    /** What a JSON string may hold as it is. */
    static BitSet plainOnes() {
        BitSet set = set(0x20, LIMIT - 1);
        set.clear('"');
        set.clear('\\');
        return set;
    }

    /** One character of any kind, in any spelling but surrogate pairs and NUL. */
    Rule any() {
        if (any != null) return any;
        any = newRule();
        ranges(any, plainOnes());
        int escape = graph.after(any.entry(), "\\");
        for (char one : "\"\\/bfnrt".toCharArray()) graph.bytes(escape, one, one, any.end());
        int unicode = graph.after(escape, "u");
        int second = graph.node();
        int afterD = graph.node();
        int third = graph.node();
        int fourth = graph.node();
        graph.bytes(unicode, '1', '9', second);
        for (char low : new char[] {'a', 'A'}) {
            graph.bytes(unicode, low, low + 2, second);
            graph.bytes(unicode, low + 4, low + 5, second);
            graph.bytes(unicode, low + 3, low + 3, afterD);
        }
        graph.bytes(afterD, '0', '7', third);
        hexadecimal(second, '0', third);
        hexadecimal(third, '0', fourth);
        hexadecimal(fourth, '0', any.end());
        int zero = graph.after(unicode, "0");
        hexadecimal(zero, '1', third);
        int zeros = graph.after(zero, "0");
        hexadecimal(zeros, '1', fourth);
        hexadecimal(graph.after(zeros, "0"), '1', any.end());
        return any;
    }

    private void hexadecimal(int from, char least, int to) {
        graph.bytes(from, least, '9', to);
        graph.bytes(from, 'a', 'f', to);
        graph.bytes(from, 'A', 'F', to);
    }

    /** One character of a set as it is, without escapes. */
    Rule plain(BitSet set) {
        return plain.computeIfAbsent(set, one -> {
            Rule rule = newRule();
            ranges(rule, one);
            return rule;
        });
    }

    /** One character of a set, escaped where JSON wants it. */
    Rule of(BitSet set) {
        return escaped.computeIfAbsent(set, one -> {
            Rule rule = newRule();
            BitSet raw = (BitSet) one.clone();
            raw.and(plainOnes());
            ranges(rule, raw);
            for (int point = one.nextSetBit(0); point >= 0 && point < 0x20; point = one.nextSetBit(point + 1))
                graph.literal(rule.entry(), Literals.escape(point), rule.end());
            for (char quoted : new char[] {'"', '\\'})
                if (one.get(quoted)) graph.literal(rule.entry(), "\\" + quoted, rule.end());
            return rule;
        });
    }

    private Rule newRule() {
        Rule rule = graph.rule(0);
        rules.add(rule);
        return rule;
    }

    private void ranges(Rule rule, BitSet set) {
        for (int low = set.nextSetBit(0); low >= 0; low = set.nextSetBit(set.nextClearBit(low))) {
            int high = set.nextClearBit(low) - 1;
            for (int[] range : SAME_LENGTH) {
                int first = Math.max(low, range[0]);
                int last = Math.min(high, range[1]);
                if (first <= last) split(rule.entry(), rule.end(), utf8(first), utf8(last), 0);
            }
        }
    }

    private static int[] utf8(int point) {
        byte[] bytes = Character.toString(point).getBytes(StandardCharsets.UTF_8);
        int[] all = new int[bytes.length];
        for (int i = 0; i < all.length; i++) all[i] = bytes[i] & 0xff;
        return all;
    }

    /** Reads what lies between two encodings of one length, as far as they agree before {@code at}. */
    private void split(int from, int to, int[] low, int[] high, int at) {
        if (at == low.length - 1) {
            graph.bytes(from, low[at], high[at], to);
            return;
        }
        if (low[at] == high[at]) {
            split(step(from, low[at], low[at]), to, low, high, at + 1);
            return;
        }
        int first = low[at];
        int last = high[at];
        if (!rest(low, at, 0x80)) split(step(from, first, first++), to, low, filled(low, at, 0xbf), at + 1);
        if (!rest(high, at, 0xbf)) split(step(from, last, last--), to, filled(high, at, 0x80), high, at + 1);
        if (first > last) return;
        int node = step(from, first, last);
        for (int i = at + 1; i < low.length - 1; i++) node = step(node, 0x80, 0xbf);
        graph.bytes(node, 0x80, 0xbf, to);
    }

    private int step(int from, int low, int high) {
        int to = graph.node();
        graph.bytes(from, low, high, to);
        return to;
    }

    private static boolean rest(int[] bytes, int at, int value) {
        for (int i = at + 1; i < bytes.length; i++) if (bytes[i] != value) return false;
        return true;
    }

    private static int[] filled(int[] bytes, int at, int value) {
        int[] all = bytes.clone();
        for (int i = at + 1; i < all.length; i++) all[i] = value;
        return all;
    }
}
