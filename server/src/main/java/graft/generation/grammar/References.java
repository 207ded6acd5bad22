package graft.generation.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Resolves {@code $ref} inside one document and merges {@code allOf}, as far as the merge says exactly the same. */
final class References {
    /** Of keywords looked at: references can name each other so that a small schema means an endless one. */
    private static final int MOST_WORK = 100_000;
    private final Object root;
    private final int maxDepth;
    private int work;

    References(Object root, int maxDepth) {
        this.root = root;
        this.maxDepth = maxDepth;
    }

    /**
     * @param value a JSON object
     * @return the same without {@code $ref} and {@code allOf}
     */
    Map<String, Object> flat(Object value, String at, int depth) {
        if (depth > maxDepth) throw new InvalidSchemaException("The schema is nested deeper than " + maxDepth
                + " levels at " + at + ".");
        work += 1 + (value instanceof Map<?, ?> keywords ? keywords.size() : 0);
        if (work > MOST_WORK)
            throw new InvalidSchemaException("The schema is too large: it takes too long to compile.");
        if (value instanceof Boolean truth) return truth ? Map.of() : Map.of("enum", List.of());
        if (!(value instanceof Map<?, ?> map)) throw new InvalidSchemaException("The schema at " + at
                + " must be an object or a boolean.");
        Map<String, Object> own = new LinkedHashMap<>();
        map.forEach((key, keyword) -> own.put((String) key, keyword));
        Object reference = own.remove("$ref");
        Object all = own.remove("allOf");
        Map<String, Object> merged = own;
        if (reference != null) merged = merge(flat(target(reference, at), reference.toString(), depth + 1), own, at);
        if (all == null) return merged;
        if (!(all instanceof List<?> parts)) throw new InvalidSchemaException("'allOf' at " + at + " is no list.");
        for (int i = 0; i < parts.size(); i++)
            merged = merge(merged, flat(parts.get(i), at + "/allOf/" + i, depth + 1), at);
        return merged;
    }

    private Object target(Object reference, String at) {
        if (!(reference instanceof String path) || !path.startsWith("#"))
            throw new InvalidSchemaException("'$ref' at " + at + " must point into the schema itself: '#/...'.");
        Object found = root;
        for (String step : path.equals("#") ? new String[0] : path.substring(1).split("/", -1)) {
            if (step.isEmpty() && found == root) continue;
            String name = step.replace("~1", "/").replace("~0", "~");
            if (found instanceof Map<?, ?> map && map.containsKey(name)) found = map.get(name);
            else if (found instanceof List<?> list && name.matches("[0-9]{1,6}")
                    && Integer.parseInt(name) < list.size()) found = list.get(Integer.parseInt(name));
            else throw new InvalidSchemaException("'$ref' at " + at + " points to nothing: '" + path + "'.");
        }
        return found;
    }

    /** What is valid against both. */
    Map<String, Object> merge(Map<String, Object> first, Map<String, Object> second, String at) {
        Map<String, Object> merged = new LinkedHashMap<>(first);
        checkExtras(first, second, at);
        second.forEach((keyword, value) -> {
            if (!merged.containsKey(keyword) || Schema.isNote(keyword)) merged.put(keyword, value);
            else if (!merged.get(keyword).equals(value))
                merged.put(keyword, both(keyword, merged.get(keyword), value, at));
        });
        return merged;
    }

    /** additionalProperties speaks of the properties beside it only: merged ones would change its meaning. */
    private static void checkExtras(Map<String, Object> first, Map<String, Object> second, String at) {
        boolean closed = first.containsKey("additionalProperties") || second.containsKey("additionalProperties");
        boolean bothNamed = first.containsKey("properties") && second.containsKey("properties")
                || first.containsKey("additionalProperties") != second.containsKey("additionalProperties")
                && (first.containsKey("additionalProperties") ? second : first).containsKey("properties");
        boolean same = first.getOrDefault("properties", 0).equals(second.getOrDefault("properties", 0));
        if (closed && bothNamed && !same) throw InvalidSchemaException.unsupported("'additionalProperties' at " + at
                + " is not supported where several schemas that name properties are combined.");
    }

    private static Object both(String keyword, Object first, Object second, String at) {
        return switch (keyword) {
            case "required" -> {
                List<Object> all = new ArrayList<>((List<?>) first);
                for (Object name : (List<?>) second) if (!all.contains(name)) all.add(name);
                yield all;
            }
            case "properties" -> properties((Map<?, ?>) first, (Map<?, ?>) second);
            case "type" -> types(first, second);
            case "enum" -> ((List<?>) first).stream().filter(((List<?>) second)::contains).toList();
            case "minimum", "exclusiveMinimum", "minLength", "minItems" -> larger(first, second) ? first : second;
            case "maximum", "exclusiveMaximum", "maxLength", "maxItems" -> larger(first, second) ? second : first;
            default -> throw InvalidSchemaException.unsupported("Two different '" + keyword + "' that must both hold at " + at
                    + " are not supported.");
        };
    }

    private static Map<Object, Object> properties(Map<?, ?> first, Map<?, ?> second) {
        Map<Object, Object> all = new LinkedHashMap<>(first);
        second.forEach((name, schema) -> all.merge(name, schema, (one, other) -> one.equals(other) ? one
                : Map.of("allOf", List.of(one, other))));
        return all;
    }

    private static List<?> types(Object first, Object second) {
        List<?> ones = first instanceof List<?> list ? list : List.of(first);
        List<?> others = second instanceof List<?> list ? list : List.of(second);
        List<Object> common = new ArrayList<>();
        for (Object type : ones) {
            if (others.contains(type) || type.equals("integer") && others.contains("number")) common.add(type);
            else if (type.equals("number") && others.contains("integer")) common.add("integer");
        }
        return common;
    }

    private static boolean larger(Object first, Object second) {
        return new BigDecimal(first.toString()).compareTo(new BigDecimal(second.toString())) > 0;
    }
}
