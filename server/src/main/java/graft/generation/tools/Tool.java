package graft.generation.tools;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A function that a model may call.
 *
 * @param schema of its arguments, an object
 * @param strict whether its arguments are always held to the schema
 * @param shown  as models are told of it: name, description, parameters, as the client wrote them
 */
public record Tool(String name, Map<?, ?> schema, boolean strict, Map<String, Object> shown) {
    static final Map<String, Object> NO_ARGUMENTS = Map.of("type", "object", "properties", Map.of(),
            "additionalProperties", false);
    private static final int MOST_LETTERS = 64;

    public Tool {
        Objects.requireNonNull(name);
        Objects.requireNonNull(schema);
        shown = Collections.unmodifiableMap(new LinkedHashMap<>(shown));
    }

    /** @param at the field that holds it */
    static Tool of(Object given, String at) {
        if (!(given instanceof Map<?, ?> tool)) throw new InvalidToolsException(at, "A tool must be an object.");
        if (!"function".equals(tool.get("type"))) throw new InvalidToolsException(at + ".type",
                "Only tools of type 'function' are served.");
        if (!(tool.get("function") instanceof Map<?, ?> function))
            throw new InvalidToolsException(at + ".function", "A tool needs its function.");
        String inside = at + ".function";
        String name = name(function.get("name"), inside + ".name");
        Object description = function.get("description");
        if (description != null && !(description instanceof String))
            throw new InvalidToolsException(inside + ".description", "A description must be a text.");
        Object strict = function.get("strict");
        if (strict != null && !(strict instanceof Boolean))
            throw new InvalidToolsException(inside + ".strict", "'strict' must be true or false.");
        Map<String, Object> shown = new LinkedHashMap<>();
        function.forEach((key, value) -> {
            if (!"strict".equals(key)) shown.put((String) key, value);
        });
        return new Tool(name, schema(function.get("parameters"), inside + ".parameters"), Boolean.TRUE.equals(strict),
                shown);
    }

    private static String name(Object given, String at) {
        if (!(given instanceof String name) || !name.matches("[a-zA-Z0-9_-]{1," + MOST_LETTERS + "}"))
            throw new InvalidToolsException(at, "A function's name must have 1 to " + MOST_LETTERS
                    + " letters, digits, underscores and dashes.");
        return name;
    }

    /** Arguments are an object: a schema that leaves that open is taken to say it. */
    private static Map<?, ?> schema(Object given, String at) {
        if (given == null) return NO_ARGUMENTS;
        if (!(given instanceof Map<?, ?> schema))
            throw new InvalidToolsException(at, "'parameters' must be a JSON Schema object.");
        Object type = schema.get("type");
        if (type != null && !type.equals("object"))
            throw new InvalidToolsException(at, "'parameters' must be a schema of type 'object'.");
        if (type != null || schema.containsKey("$ref") || schema.containsKey("anyOf") || schema.containsKey("allOf")
                || schema.containsKey("oneOf")) return schema;
        Map<Object, Object> object = new LinkedHashMap<>(schema);
        object.put("type", "object");
        return object;
    }

    Optional<String> description() {
        return Optional.ofNullable((String) shown.get("description"));
    }

    /** As OpenAI writes it, which is also how chat templates read it. */
    Map<String, Object> wire() {
        Map<String, Object> wire = new LinkedHashMap<>();
        wire.put("type", "function");
        wire.put("function", shown);
        return wire;
    }
}
