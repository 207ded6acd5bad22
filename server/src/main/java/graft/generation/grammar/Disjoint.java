package graft.generation.grammar;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether no value can be valid against two alternatives: then {@code oneOf} is {@code anyOf}. Seen by types, by
 * constants, or by a required property whose constants tell the alternatives apart.
 */
final class Disjoint {
    private static final int MOST_ALTERNATIVES = 100;

    private Disjoint() {}

    /** @throws InvalidSchemaException if it can't be seen */
    static void check(Schema schema, List<Map<String, Object>> alternatives) {
        if (alternatives.size() > MOST_ALTERNATIVES)
            throw schema.unsupported("oneOf", "has more than " + MOST_ALTERNATIVES + " alternatives");
        for (int i = 0; i < alternatives.size(); i++) {
            for (int j = i + 1; j < alternatives.size(); j++) {
                if (!apart(new Schema(alternatives.get(i), schema.at()), new Schema(alternatives.get(j), schema.at())))
                    throw schema.unsupported("oneOf", "is supported only where types, constants or a required property of"
                            + " constants tell the alternatives apart; use 'anyOf'");
            }
        }
    }

    private static boolean apart(Schema one, Schema other) {
        Set<String> constants = constants(one);
        if (!constants.isEmpty() && !constants(other).isEmpty()) return none(constants, constants(other));
        if (one.has("type") && other.has("type") && none(kinds(one), kinds(other))) return true;
        boolean objects = kinds(one).equals(Set.of("object")) && kinds(other).equals(Set.of("object"))
                && one.has("type") && other.has("type");
        return objects && one.map("properties").entrySet().stream().anyMatch(property ->
                one.list("required").contains(property.getKey()) && other.list("required").contains(property.getKey())
                && other.map("properties").get(property.getKey()) instanceof Map<?, ?> second
                && property.getValue() instanceof Map<?, ?> first && told(first, second, one.at()));
    }

    private static boolean told(Map<?, ?> first, Map<?, ?> second, String at) {
        Set<String> constants = constants(schema(first, at));
        Set<String> others = constants(schema(second, at));
        return !constants.isEmpty() && !others.isEmpty() && none(constants, others);
    }

    @SuppressWarnings("unchecked") // keys of JSON objects are texts
    private static Schema schema(Map<?, ?> map, String at) {
        return new Schema((Map<String, Object>) map, at);
    }

    private static Set<String> kinds(Schema schema) {
        return schema.types().stream().map(type -> type.equals("integer") ? "number" : type)
                .collect(Collectors.toSet());
    }

    /** Texts only: numbers have several spellings of one value. */
    private static Set<String> constants(Schema schema) {
        List<?> given = schema.has("const") ? Arrays.asList(schema.get("const")) : schema.list("enum");
        Set<String> texts = new HashSet<>();
        for (Object value : given) if (value instanceof String text) texts.add(text);
        return texts.size() == new HashSet<>(given).size() ? texts : Set.of();
    }

    private static boolean none(Set<String> some, Set<String> others) {
        return some.stream().noneMatch(others::contains);
    }
}
