package graft.generation.grammar;

import graft.generation.grammar.Graph.Rule;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/** Arrays and objects, with white space that is bounded so that no answer loses itself in it. One a compilation. */
final class Containers {
    private static final int INDENT = 8;
    private final Graph graph;
    private final List<Rule> rules;
    private final Characters characters;
    private final SchemaCompiler compiler;
    private final Map<Set<String>, Rule> otherKeys = new HashMap<>();
    private Optional<Rule> gap = Optional.empty();

    Containers(Graph graph, List<Rule> rules, Characters characters, SchemaCompiler compiler) {
        this.graph = graph;
        this.rules = rules;
        this.characters = characters;
        this.compiler = compiler;
    }

    private Rule newRule() {
        Rule rule = graph.rule(0);
        rules.add(rule);
        return rule;
    }

    /** Nothing, a space, or a new line and a few spaces. */
    private Rule gap() {
        if (gap.isEmpty()) {
            Rule rule = newRule();
            graph.free(rule.entry(), rule.end());
            graph.literal(rule.entry(), " ", rule.end());
            int at = graph.after(rule.entry(), "\n");
            for (int i = 0; i < INDENT; i++) {
                graph.free(at, rule.end());
                at = graph.after(at, " ");
            }
            graph.free(at, rule.end());
            gap = Optional.of(rule);
        }
        return gap.get();
    }

    void array(Schema schema, int from, int to, int depth) {
        List<?> first = schema.list("prefixItems");
        Object rest = schema.has("items") ? schema.get("items") : true;
        if (rest instanceof List) throw schema.wrong("items", "is a list: use 'prefixItems'");
        int least = schema.count("minItems").orElse(0);
        OptionalInt most = schema.count("maxItems");
        if (Boolean.FALSE.equals(rest)) most = OptionalInt.of(Math.min(first.size(), most.orElse(first.size())));
        if (most.isPresent() && most.getAsInt() < least) return;
        int open = graph.after(from, "[");
        if (least == 0) graph.literal(open, "]", to);
        // Without a bound, one node stands for all counts from here on.
        int loop = Math.max(1, Math.max(least, first.size() + 1));
        int at = open;
        for (int count = 1; count <= most.orElse(loop); count++) {
            boolean isFirst = count <= first.size();
            Rule item = compiler.value(isFirst ? first.get(count - 1) : rest, schema.at() + (isFirst
                    ? "/prefixItems/" + (count - 1) : "/items"), depth + 1);
            int before = graph.after(count == 1 ? at : graph.after(at, ","), gap());
            at = graph.after(before, item);
            if (count >= least) close(at, "]", to);
            if (most.isEmpty() && count == loop) graph.free(graph.after(graph.after(graph.after(at, ","), gap()),
                    item), at);
        }
    }

    private void close(int from, String bracket, int to) {
        graph.literal(graph.after(from, gap()), bracket, to);
    }

    void object(Schema schema, int from, int to, int depth) {
        Map<String, Object> properties = new LinkedHashMap<>(schema.map("properties"));
        List<?> required = schema.list("required");
        Object others = schema.has("additionalProperties") ? schema.get("additionalProperties")
                : schema.has("properties") ? (Object) false : true;
        for (Object name : required) {
            if (!(name instanceof String text)) throw schema.wrong("required", "must name properties");
            properties.putIfAbsent(text, schema.has("additionalProperties") ? others : true);
        }
        // Before anything was written, and after it.
        int empty = graph.after(from, "{");
        int begun = graph.node();
        for (Map.Entry<String, Object> property : properties.entrySet()) {
            int nextEmpty = graph.node();
            int nextBegun = graph.node();
            Rule value = compiler.value(property.getValue(), schema.at() + "/properties/" + property.getKey(),
                    depth + 1);
            int key = graph.after(empty, gap());
            graph.free(graph.after(graph.after(begun, ","), gap()), key);
            int colon = graph.after(graph.after(key, Literals.json(property.getKey())), ":");
            graph.call(space(colon), value, nextBegun);
            if (!required.contains(property.getKey())) {
                graph.free(empty, nextEmpty);
                graph.free(begun, nextBegun);
            }
            empty = nextEmpty;
            begun = nextBegun;
        }
        if (!Boolean.FALSE.equals(others)) others(schema, others, properties.keySet(), empty, begun, depth);
        graph.literal(empty, "}", to);
        close(begun, "}", to);
    }

    private int space(int from) {
        int to = graph.after(from, " ");
        graph.free(from, to);
        return to;
    }

    private void others(Schema schema, Object others, Set<String> known, int empty, int begun, int depth) {
        Rule value = compiler.value(others, schema.at() + "/additionalProperties", depth + 1);
        int key = graph.after(empty, gap());
        graph.free(graph.after(graph.after(begun, ","), gap()), key);
        Rule other = otherKeys.get(known);
        if (other == null) {
            other = newRule();
            otherKeys.put(Set.copyOf(known), other);
            otherKey(other, new ArrayList<>(known));
        }
        graph.call(space(graph.after(graph.after(key, other), ":")), value, begun);
    }

    /** A key that is none of these: where it leaves the tree of their letters, anything may follow. */
    private void otherKey(Rule rule, List<String> known) {
        int anything = graph.node();
        graph.call(anything, characters.plain(Characters.plainOnes()), anything);
        graph.literal(anything, "\"", rule.end());
        otherThan(graph.after(rule.entry(), "\""), known, 0, anything, rule.end(), false);
    }

    private void otherThan(int node, List<String> known, int length, int anything, int end, boolean mayEnd) {
        if (mayEnd) graph.literal(node, "\"", end);
        BitSet rest = Characters.plainOnes();
        rest.clear(0xd800, 0xe000);
        Map<Integer, List<String>> branches = new TreeMap<>();
        for (String key : known) {
            if (length < key.length()) branches.computeIfAbsent(key.codePointAt(length), one -> new ArrayList<>())
                    .add(key);
        }
        branches.forEach((point, keys) -> {
            rest.clear(point);
            if (point < 0x20 || point == '"' || point == '\\') return; // only plain letters are written
            int next = length + Character.charCount(point);
            int child = graph.after(node, characters.plain(Characters.set(point, point)));
            otherThan(child, keys, next, anything, end, keys.stream().noneMatch(key -> key.length() == next));
        });
        graph.call(node, characters.plain(rest), anything);
    }
}
