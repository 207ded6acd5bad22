package graft.generation.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Resolves {@code $ref} inside one document and merges {@code allOf}, as far as the merge says exactly the same. */
final class References {
    private final Object root;
    private final int maxDepth;
    private final Budget budget;

    References(Object root, int maxDepth, Budget budget) {
        this.root = root;
        this.maxDepth = maxDepth;
        this.budget = budget;
    }

    /**
     * @param value a JSON object
     * @return the same without {@code $ref} and {@code allOf}
     */
    Map<String, Object> flat(Object value, String at, int depth) {
        if (depth > maxDepth) throw new InvalidSchemaException("The schema is nested deeper than " + maxDepth
                + " levels at " + at + ".");
        budget.looks(1 + (value instanceof Map<?, ?> keywords ? keywords.size() : 0));
        if (value instanceof Boolean truth) return truth ? Map.of() : Map.of("enum", List.of());
        if (!(value instanceof Map<?, ?> map)) throw new InvalidSchemaException("The schema at " + at
                + " must be an object or a boolean.");
        Map<String, Object> own = new LinkedHashMap<>();
        map.forEach((key, keyword) -> own.put((String) key, keyword));
        boolean refers = own.containsKey("$ref");
        Object reference = own.remove("$ref");
        boolean combines = own.containsKey("allOf");
        Object all = own.remove("allOf");
        Map<String, Object> merged = own;
        if (refers) merged = merge(flat(target(reference, at), String.valueOf(reference), depth + 1), own, at);
        if (!combines) return merged;
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
            else if (!Objects.equals(merged.get(keyword), value))
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
        boolean same = Objects.equals(first.getOrDefault("properties", 0), second.getOrDefault("properties", 0));
        if (closed && bothNamed && !same) throw InvalidSchemaException.unsupported("'additionalProperties' at " + at
                + " is not supported where several schemas that name properties are combined.");
    }

    private static Object both(String keyword, Object first, Object second, String at) {
        return switch (keyword) {
            case "required" -> {
                List<Object> all = new ArrayList<>(list(keyword, first, at));
                for (Object name : list(keyword, second, at)) if (!holds(all, name)) all.add(name);
                yield all;
            }
            case "properties" -> properties(map(first, at), map(second, at));
            case "type" -> types(first, second, at);
            case "enum" -> list(keyword, first, at).stream().filter(value ->
                    holds(list(keyword, second, at), value)).toList();
            case "minimum", "exclusiveMinimum", "minLength", "minItems" -> number(keyword, first, at).compareTo(number(keyword, second, at)) > 0 ? first : second;
            case "maximum", "exclusiveMaximum", "maxLength", "maxItems" -> number(keyword, first, at).compareTo(number(keyword, second, at)) > 0 ? second : first;
            default -> throw InvalidSchemaException.unsupported("Two different '" + keyword + "' that must both hold at " + at
                    + " are not supported.");
        };
    }

    private static Map<Object, Object> properties(Map<?, ?> first, Map<?, ?> second) {
        Map<Object, Object> all = new LinkedHashMap<>(first);
        second.forEach((name, schema) -> all.put(name, !first.containsKey(name) || Objects.equals(first.get(name),
                schema) ? schema : Map.of("allOf", Arrays.asList(first.get(name), schema))));
        return all;
    }

    private static List<?> types(Object first, Object second, String at) {
        List<?> ones = first instanceof List<?> list ? list : Arrays.asList(first);
        List<?> others = second instanceof List<?> list ? list : Arrays.asList(second);
        if (!Schema.TYPES.containsAll(named(ones)) || !Schema.TYPES.containsAll(named(others)))
            throw wrong("type", at, "names no type");
        List<Object> common = new ArrayList<>();
        for (Object type : ones) {
            if (others.contains(type) || "integer".equals(type) && others.contains("number")) common.add(type);
            else if ("number".equals(type) && others.contains("integer")) common.add("integer");
        }
        return common;
    }

    /** Without null, which a set of names can't be asked for. */
    private static List<Object> named(List<?> types) {
        return types.stream().<Object>map(type -> Objects.requireNonNullElse(type, "null itself")).toList();
    }

    /** A list's own contains may refuse null. */
    private static boolean holds(List<?> list, Object value) {
        return list.stream().anyMatch(one -> Objects.equals(one, value));
    }

    private static List<?> list(String keyword, Object value, String at) {
        if (value instanceof List<?> list) return list;
        throw wrong(keyword, at, "is no list");
    }

    private static Map<?, ?> map(Object value, String at) {
        if (value instanceof Map<?, ?> map) return map;
        throw wrong("properties", at, "is no object");
    }

    private static BigDecimal number(String keyword, Object value, String at) {
        if (value instanceof Number number) return Literals.number(number);
        throw wrong(keyword, at, "is no number");
    }

    private static InvalidSchemaException wrong(String keyword, String at, String why) {
        return new InvalidSchemaException("'" + keyword + "' at " + at + " " + why + ".");
    }
}
