package graft.generation.grammar;

import graft.generation.grammar.Graph.Rule;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A JSON Schema (2020-12) to a grammar of texts that are all valid against it. Not every valid text is in it: keys come
 * in the order of the schema, white space and digits are bounded, keys that the schema doesn't mention are written only
 * where it asks for them. What can't be held exactly is refused by name. One compilation, one thread.
 */
final class SchemaCompiler {
    private static final int WHOLE_DIGITS = 9;
    private final Object root;
    private final Graph graph;
    private final List<Rule> rules;
    private final Map<Object, Rule> values = new HashMap<>();
    private final References references;
    private final Texts texts;
    private final Containers containers;

    /** @param rules where every rule that is made is listed */
    SchemaCompiler(Object root, Graph graph, List<Rule> rules, Characters characters, References references) {
        this.root = root;
        this.graph = graph;
        this.rules = rules;
        this.references = references;
        texts = new Texts(graph, characters);
        containers = new Containers(graph, rules, characters, this);
    }

    /** Writes the document's own value into a rule. */
    void root(Rule rule) {
        emit(root, rule.entry(), rule.end(), "#", 0);
    }

    /** The rule of a value; equal schemas share one, which is also what ends a recursion. */
    Rule value(Object schema, String at, int depth) {
        Rule known = values.get(schema);
        if (known != null) return known;
        Rule rule = graph.rule(1);
        rules.add(rule);
        values.put(schema, rule);
        emit(schema, rule.entry(), rule.end(), at, depth);
        return rule;
    }

    private void emit(Object schema, int from, int to, String at, int depth) {
        Schema flat = new Schema(references.flat(schema, at, depth), at);
        if (flat.has("anyOf")) {
            each(flat, "anyOf", from, to, depth);
        } else if (flat.has("oneOf")) {
            Disjoint.check(flat, alternatives(flat, "oneOf", depth));
            each(flat, "oneOf", from, to, depth);
        } else {
            flat.check();
            if (flat.has("enum") || flat.has("const")) constants(flat, from, to);
            else for (String type : flat.types()) typed(type, flat, from, to, depth);
        }
    }

    private void each(Schema flat, String keyword, int from, int to, int depth) {
        for (Map<String, Object> alternative : alternatives(flat, keyword, depth))
            emit(alternative, from, to, flat.at(), depth + 1);
    }

    /** The alternatives, each with what is said beside them. */
    private List<Map<String, Object>> alternatives(Schema flat, String keyword, int depth) {
        Map<String, Object> beside = new LinkedHashMap<>(flat.keywords());
        beside.remove(keyword);
        List<Map<String, Object>> all = new ArrayList<>();
        List<?> given = flat.list(keyword);
        for (int i = 0; i < given.size(); i++)
            all.add(references.merge(beside, references.flat(given.get(i), flat.at() + "/" + keyword + "/" + i,
                    depth + 1), flat.at()));
        return all;
    }

    private void typed(String type, Schema schema, int from, int to, int depth) {
        switch (type) {
            case "null" -> graph.literal(from, "null", to);
            case "boolean" -> {
                graph.literal(from, "true", to);
                graph.literal(from, "false", to);
            }
            case "string" -> text(schema, from, to);
            case "integer", "number" -> number(type.equals("integer"), schema, from, to);
            case "array" -> containers.array(schema, from, to, depth);
            case "object" -> containers.object(schema, from, to, depth);
            default -> throw new IllegalStateException(type);
        }
    }

    private void text(Schema schema, int from, int to) {
        int least = schema.count("minLength").orElse(0);
        OptionalInt most = schema.count("maxLength");
        if (most.isPresent() && most.getAsInt() < least) return;
        Optional<String> format = schema.text("format").map(name -> Texts.format(name).orElseThrow(() ->
                schema.unsupported("format", "'" + name + "' is not supported")));
        Optional<String> pattern = schema.text("pattern");
        if (format.isPresent() && pattern.isPresent())
            throw schema.unsupported("format", "beside 'pattern' is not supported");
        Optional<String> expression = format.or(() -> pattern);
        if (expression.isEmpty()) texts.plain(from, to, least, most);
        else texts.matching(from, to, Pattern.parse(expression.get()), least, most);
    }

    private void constants(Schema schema, int from, int to) {
        List<?> given = schema.has("enum") ? schema.list("enum") : Arrays.asList(schema.get("const"));
        for (String keyword : schema.keywords().keySet()) {
            if (!Schema.isNote(keyword) && !List.of("enum", "const", "type").contains(keyword))
                throw schema.unsupported(keyword, "beside 'enum' or 'const' is not supported");
        }
        List<String> types = schema.has("type") ? schema.types() : List.of();
        List<String> spelled = new ArrayList<>();
        for (Object value : given) {
            boolean same = !schema.has("enum") || !schema.has("const") || Literals.json(value).equals(Literals.json(
                    schema.get("const")));
            if (same && (!schema.has("type") || types.stream().anyMatch(type -> is(value, type))))
                spelled.add(Literals.json(value));
        }
        graph.oneOf(from, spelled, to);
    }

    static boolean is(Object value, String type) {
        return switch (type) {
            case "null" -> Objects.isNull(value);
            case "boolean" -> value instanceof Boolean;
            case "string" -> value instanceof String;
            case "number" -> value instanceof Number;
            case "integer" -> value instanceof Number number && Literals.number(number).stripTrailingZeros()
                    .scale() <= 0;
            case "array" -> value instanceof List;
            default -> value instanceof Map;
        };
    }

    private void number(boolean whole, Schema schema, int from, int to) {
        Optional<BigDecimal> multiple = schema.number("multipleOf");
        if (multiple.isPresent() && multiple.get().signum() <= 0) throw schema.wrong("multipleOf", "is not positive");
        Optional<BigDecimal> step = multiple.map(BigDecimal::stripTrailingZeros);
        boolean wholes = whole || step.isPresent() && step.get().scale() <= 0;
        if (step.isPresent() && step.get().scale() > 0 && (whole || !step.get().unscaledValue().equals(
                BigInteger.ONE))) throw schema.unsupported("multipleOf", "is not supported: whole numbers"
                        + " and, for numbers, powers of ten below one are");
        Optional<Numbers.Bound> low = bound(schema, "minimum", "exclusiveMinimum", 1);
        Optional<Numbers.Bound> high = bound(schema, "maximum", "exclusiveMaximum", -1);
        int divisor = wholes ? divisor(schema, step) : 1;
        int scale = wholes ? 0 : Math.max(low.map(SchemaCompiler::scale).orElse(0), high.map(SchemaCompiler::scale)
                .orElse(0));
        int bounded = Math.max(low.map(SchemaCompiler::digits).orElse(0), high.map(SchemaCompiler::digits).orElse(0));
        if (bounded + scale > Numbers.DIGITS) throw schema.unsupported(low.isPresent() ? "minimum" : "maximum",
                "has more than " + Numbers.DIGITS + " digits");
        // Room for one digit more than a bound has, so that one-sided bounds leave something over.
        int digits = Math.min(Numbers.DIGITS - scale, Math.max(wholes ? Numbers.digits(divisor) : WHOLE_DIGITS,
                bounded + 1));
        int fraction = wholes ? 0 : step.isPresent() ? step.get().scale() : Math.min(Numbers.DIGITS - digits,
                scale + 6);
        if (fraction < scale) throw schema.unsupported("multipleOf", "is coarser than the bounds beside it");
        BigDecimal largest = BigDecimal.TEN.pow(digits).subtract(BigDecimal.ONE);
        Numbers.Bound least = low.orElse(new Numbers.Bound(largest.negate(), false));
        Numbers.Bound most = high.orElse(new Numbers.Bound(largest, false));
        if (wholes) {
            least = rounded(least, true);
            most = rounded(most, false);
        }
        if (least.value().compareTo(most.value()) > 0) return;
        Numbers.emit(graph, from, to, least, most, fraction, divisor);
    }

    private static int divisor(Schema schema, Optional<BigDecimal> step) {
        if (step.isPresent() && step.get().compareTo(BigDecimal.valueOf(Numbers.LARGEST_DIVISOR)) > 0)
            throw schema.unsupported("multipleOf", "is not supported over " + Numbers.LARGEST_DIVISOR);
        return step.map(BigDecimal::intValueExact).orElse(1);
    }

    private static int scale(Numbers.Bound bound) {
        return Math.max(0, bound.value().stripTrailingZeros().scale());
    }

    private static int digits(Numbers.Bound bound) {
        BigDecimal value = bound.value().stripTrailingZeros();
        return Math.max(1, value.precision() - value.scale());
    }

    /** The stricter of the two, if any. */
    private static Optional<Numbers.Bound> bound(Schema schema, String closed, String open, int side) {
        Optional<Numbers.Bound> one = schema.number(closed).map(value -> new Numbers.Bound(value, false));
        Optional<Numbers.Bound> other = schema.number(open).map(value -> new Numbers.Bound(value, true));
        if (one.isEmpty() || other.isEmpty()) return one.or(() -> other);
        return one.get().value().compareTo(other.get().value()) * side > 0 ? one : other;
    }

    /** The first whole number inside. */
    private static Numbers.Bound rounded(Numbers.Bound bound, boolean low) {
        BigDecimal whole = bound.value().setScale(0, low ? RoundingMode.CEILING
                : RoundingMode.FLOOR);
        if (bound.open() && whole.compareTo(bound.value()) == 0)
            whole = low ? whole.add(BigDecimal.ONE) : whole.subtract(BigDecimal.ONE);
        return new Numbers.Bound(whole, false);
    }
}
