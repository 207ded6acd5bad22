package graft.generation.grammar;

import graft.generation.grammar.Graph.Rule;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A {@link Shape} to a grammar; each schema in it is a document of its own. One compilation, one thread. */
final class ShapeCompiler {
    private final Budget budget;
    private final Graph graph;
    private final List<Rule> rules = new ArrayList<>();
    private final Characters characters;
    private final Limits limits;
    /** A schema that stands in several places is compiled once. */
    private final Map<Object, Rule> schemas = new HashMap<>();

    /**
     * @param depth         most levels of a schema, and of an answer
     * @param compiledBytes most memory of a compiled shape
     * @param time          longest compilation
     */
    record Limits(int depth, int compiledBytes, Duration time) {}

    /** A sealed graph and the rule of the whole answer. */
    record Compiled(Graph graph, Rule root) {}

    private ShapeCompiler(Limits limits) {
        this.limits = limits;
        this.budget = new Budget(limits.compiledBytes(), limits.time());
        this.graph = new Graph(budget);
        this.characters = new Characters(graph, rules);
    }

    /**
     * @param singles bytes that the vocabulary can write one by one
     * @throws InvalidSchemaException naming what can't be held to
     */
    static Compiled compile(Shape shape, Limits limits, BitSet singles) {
        ShapeCompiler compiler = new ShapeCompiler(limits);
        Rule root = compiler.newRule();
        compiler.emit(shape, root.entry(), root.end());
        compiler.graph.seal(compiler.rules, singles);
        if (compiler.graph.need(root.entry()) > limits.depth())
            throw new InvalidSchemaException("No answer can be valid against this schema.");
        return new Compiled(compiler.graph, root);
    }

    private Rule newRule() {
        Rule rule = graph.rule(0);
        rules.add(rule);
        return rule;
    }

    private void emit(Shape shape, int from, int to) {
        switch (shape) {
            case Shape.Text text -> graph.literal(from, text.text(), to);
            case Shape.Json json -> graph.call(from, schema(json.schema()), to);
            case Shape.InTurn turn -> {
                int at = from;
                for (Shape part : turn.parts()) {
                    int next = graph.node();
                    emit(part, at, next);
                    at = next;
                }
                graph.free(at, to);
            }
            case Shape.OneOf one -> {
                for (Shape alternative : one.alternatives()) emit(alternative, from, to);
            }
            case Shape.Repeated repeated -> {
                int start = graph.node();
                int end = graph.node();
                graph.free(from, start);
                emit(repeated.item(), start, end);
                graph.literal(end, repeated.between(), start);
                graph.free(end, to);
            }
            case Shape.Free free -> free(free, from, to);
        }
    }

    /** A rule that nests nothing, so that an answer has as many levels as it would have by itself. */
    private Rule schema(Object schema) {
        Rule known = schemas.get(schema);
        if (known != null) return known;
        Rule rule = newRule();
        schemas.put(schema, rule);
        new SchemaCompiler(schema, graph, rules, characters, new References(schema, limits.depth(), budget)).root(rule);
        return rule;
    }

    /** Knuth, Morris and Pratt's automaton over bytes: a node for each length of the mark that was just read. */
    private void free(Shape.Free free, int from, int to) {
        byte[] mark = free.mark().getBytes(StandardCharsets.UTF_8);
        int[] nodes = new int[mark.length + 1];
        for (int i = 0; i < nodes.length; i++) nodes[i] = graph.node();
        BitSet never = new BitSet();
        free.notFirst().chars().forEach(never::set);
        graph.free(from, to);
        reading(from, 0, mark, nodes, never);
        for (int length = 0; length < mark.length; length++) {
            graph.free(nodes[length], to);
            reading(nodes[length], length, mark, nodes, new BitSet());
        }
        emit(free.then(), nodes[mark.length], to);
    }

    private void reading(int node, int length, byte[] mark, int[] nodes, BitSet never) {
        int low = 0;
        while (low < 256) {
            int target = never.get(low) ? -1 : after(mark, length, (byte) low);
            int high = low;
            while (high < 255 && (never.get(high + 1) ? -1 : after(mark, length, (byte) (high + 1))) == target) high++;
            if (target >= 0) graph.bytes(node, low, high, nodes[target]);
            low = high + 1;
        }
    }

    /** How much of the mark was just read once a byte follows what is read of it. */
    private static int after(byte[] mark, int length, byte next) {
        for (int kept = length; kept >= 0; kept--) {
            if (mark[kept] == next && endsWith(mark, length, kept)) return kept + 1;
        }
        return 0;
    }

    /** Whether the first {@code kept} bytes of the mark end the first {@code length} ones. */
    private static boolean endsWith(byte[] mark, int length, int kept) {
        for (int i = 0; i < kept; i++) if (mark[length - kept + i] != mark[i]) return false;
        return true;
    }
}
