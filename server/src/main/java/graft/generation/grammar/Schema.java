package graft.generation.grammar;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * One schema object without {@code $ref} and {@code allOf}, with checked access to its keywords.
 *
 * @param at where it stands, for messages
 */
record Schema(Map<String, Object> keywords, String at) {
    static final Set<String> TYPES = Set.of("object", "array", "string", "integer", "number", "boolean", "null");
    static final Set<String> OBJECT = Set.of("properties", "required", "additionalProperties");
    static final Set<String> ARRAY = Set.of("items", "prefixItems", "minItems", "maxItems");
    static final Set<String> STRING = Set.of("minLength", "maxLength", "pattern", "format");
    static final Set<String> NUMBER = Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
            "multipleOf");
    private static final Set<String> COMBINING = Set.of("type", "enum", "const", "anyOf", "oneOf");
    /** They say nothing of what is valid. */
    private static final Set<String> NOTES = Set.of("title", "description", "default", "examples", "example",
            "$schema", "$id", "$comment", "$anchor", "$defs", "definitions", "deprecated", "readOnly", "writeOnly",
            "contentEncoding", "contentMediaType", "contentSchema", "discriminator");

    static boolean isNote(String keyword) {
        return NOTES.contains(keyword) || keyword.startsWith("x-");
    }

    /** @throws InvalidSchemaException if it says something that is not enforced */
    void check() {
        for (Map.Entry<String, Object> entry : keywords.entrySet()) {
            String keyword = entry.getKey();
            boolean known = isNote(keyword) || COMBINING.contains(keyword) || OBJECT.contains(keyword)
                    || ARRAY.contains(keyword) || STRING.contains(keyword) || NUMBER.contains(keyword);
            boolean saysNothing = keyword.equals("uniqueItems") && Boolean.FALSE.equals(entry.getValue());
            if (!known && !saysNothing) throw InvalidSchemaException.unsupported("The keyword '"
                    + keyword + "' at " + at + " is not supported.");
        }
    }

    boolean has(String keyword) {
        return keywords.containsKey(keyword);
    }

    Object get(String keyword) {
        return keywords.get(keyword);
    }

    InvalidSchemaException wrong(String keyword, String why) {
        return new InvalidSchemaException("'" + keyword + "' at " + at + " " + why + ".");
    }

    InvalidSchemaException unsupported(String keyword, String why) {
        return InvalidSchemaException.unsupported("'" + keyword + "' at " + at + " " + why + ".");
    }

    /** The types that a value may have; the ones its keywords are about where it names none. */
    List<String> types() {
        if (!has("type")) {
            if (keywords.keySet().stream().anyMatch(OBJECT::contains)) return List.of("object");
            if (keywords.keySet().stream().anyMatch(ARRAY::contains)) return List.of("array");
            if (keywords.keySet().stream().anyMatch(STRING::contains)) return List.of("string");
            if (keywords.keySet().stream().anyMatch(NUMBER::contains)) return List.of("number");
            return List.of("object", "array", "string", "number", "boolean", "null");
        }
        List<?> named = get("type") instanceof List<?> list ? list : List.of(Optional.ofNullable(get("type"))
                .orElse(""));
        for (Object type : named) {
            if (!(type instanceof String name) || !TYPES.contains(name)) throw wrong("type", "names no type");
        }
        return named.stream().map(String.class::cast).distinct()
                .filter(type -> !type.equals("integer") || !named.contains("number")).toList();
    }

    /** A count; empty where the keyword is absent. */
    OptionalInt count(String keyword) {
        if (!has(keyword)) return OptionalInt.empty();
        BigDecimal value = number(keyword).orElseThrow();
        if (value.signum() < 0 || value.stripTrailingZeros().scale() > 0
                || value.compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) >= 0)
            throw wrong(keyword, "is no count");
        return OptionalInt.of(value.intValue());
    }

    Optional<BigDecimal> number(String keyword) {
        if (!has(keyword)) return Optional.empty();
        if (!(get(keyword) instanceof Number number)) throw wrong(keyword, "is no number");
        return Optional.of(Literals.number(number));
    }

    Optional<String> text(String keyword) {
        if (!has(keyword)) return Optional.empty();
        if (!(get(keyword) instanceof String text)) throw wrong(keyword, "is no text");
        return Optional.of(text);
    }

    List<?> list(String keyword) {
        if (!has(keyword)) return List.of();
        if (!(get(keyword) instanceof List<?> list)) throw wrong(keyword, "is no list");
        return list;
    }

    @SuppressWarnings("unchecked") // keys of JSON objects are texts
    Map<String, Object> map(String keyword) {
        if (!has(keyword)) return Map.of();
        if (!(get(keyword) instanceof Map<?, ?> map)) throw wrong(keyword, "is no object");
        return (Map<String, Object>) map;
    }
}
