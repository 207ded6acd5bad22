package graft.generation.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * A grammar as a graph: nodes, edges that read a byte, edges that read nothing, and edges that call a rule, which is a
 * part of the graph with an entry and an end. Grows while a schema is compiled, by one thread, as far as its budget
 * goes; not changed after {@link #seal}.
 */
final class Graph {
    /** Of a node that can't reach the end of its rule. */
    static final int NEVER = Integer.MAX_VALUE;
    private static final int NODE_BYTES = 96;
    private static final int EDGE_BYTES = 40;

    sealed interface Edge {
        int target();

        /** Reads one byte from low to high. */
        record Bytes(int low, int high, int target) implements Edge {}

        record Free(int target) implements Edge {}

        record Call(Rule rule, int target) implements Edge {}
    }

    /** @param cost how many levels of JSON it nests: 1 for a value inside another, else 0 */
    record Rule(int entry, int end, int cost) {}

    private final Budget budget;
    private final List<List<Edge>> edges = new ArrayList<>();
    private final BitSet ends = new BitSet();
    private int[] needs = {};

    Graph(Budget budget) {
        this.budget = budget;
    }

    int node() {
        budget.bytes(NODE_BYTES);
        edges.add(new ArrayList<>(2));
        return edges.size() - 1;
    }

    Rule rule(int cost) {
        return new Rule(node(), node(), cost);
    }

    void bytes(int from, int low, int high, int to) {
        add(from, new Edge.Bytes(low, high, to));
    }

    void free(int from, int to) {
        add(from, new Edge.Free(to));
    }

    void call(int from, Rule rule, int to) {
        add(from, new Edge.Call(rule, to));
    }

    /** Reads a text's UTF-8 and ends at {@code to}. */
    void literal(int from, String text, int to) {
        byte[] all = text.getBytes(StandardCharsets.UTF_8);
        int at = from;
        for (int i = 0; i < all.length; i++) {
            int next = i == all.length - 1 ? to : node();
            bytes(at, all[i] & 0xff, all[i] & 0xff, next);
            at = next;
        }
    }

    /** Reads one of several texts; what they begin with alike is read once. */
    void oneOf(int from, List<String> texts, int to) {
        Map<String, Integer> nodes = new HashMap<>();
        for (String text : new LinkedHashSet<>(texts)) {
            int at = from;
            for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
                int end = text.offsetByCodePoints(i, 1);
                Integer known = nodes.get(text.substring(0, end));
                if (known == null) {
                    known = after(at, text.substring(i, end));
                    nodes.put(text.substring(0, end), known);
                }
                at = known;
            }
            free(at, to);
        }
    }

    /** Reads a text and ends at a new node. */
    int after(int from, String text) {
        int to = node();
        literal(from, text, to);
        return to;
    }

    /** Calls a rule and ends at a new node. */
    int after(int from, Rule rule) {
        int to = node();
        call(from, rule, to);
        return to;
    }

    private void add(int from, Edge edge) {
        budget.bytes(EDGE_BYTES);
        edges.get(from).add(edge);
    }

    List<Edge> edges(int node) {
        return edges.get(node);
    }

    int size() {
        return edges.size();
    }

    /**
     * Finds for every node how many levels of nesting the shortest way to the end of its rule needs. Whoever follows
     * only nodes whose need is within the levels left can always end.
     *
     * @param singles bytes that can be written one by one; ways that need others count for none
     */
    void seal(List<Rule> rules, BitSet singles) {
        needs = new int[edges.size()];
        Arrays.fill(needs, NEVER);
        for (Rule rule : rules) {
            ends.set(rule.end());
            needs[rule.end()] = 0;
        }
        for (boolean changed = true; changed;) {
            changed = false;
            budget.checkTime();
            for (int node = needs.length - 1; node >= 0; node--) {
                for (Edge edge : edges.get(node)) {
                    int need = need(edge, singles);
                    if (need < needs[node]) {
                        needs[node] = need;
                        changed = true;
                    }
                }
            }
        }
    }

    private int need(Edge edge, BitSet singles) {
        if (edge instanceof Edge.Bytes one) {
            int first = singles.nextSetBit(one.low());
            if (first < 0 || first > one.high()) return NEVER;
        }
        int rest = needs[edge.target()];
        if (!(edge instanceof Edge.Call call) || rest == NEVER) return rest;
        int inside = needs[call.rule().entry()];
        return inside == NEVER ? NEVER : Math.max(rest, inside + call.rule().cost());
    }

    /** Whether a rule ends at this node. */
    boolean isEnd(int node) {
        return ends.get(node);
    }

    int need(int node) {
        return needs[node];
    }
}
