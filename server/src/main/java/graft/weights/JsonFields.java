package graft.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A JSON object of a configuration file, whose fields are taken out by type; what is wrong is refused by the caller's
 * own exception. A field that is {@code null} counts as absent. NaN and Infinity are read, as Python writes them, so
 * that the caller can name the field. Immutable.
 */
final class JsonFields {
    private static final int DEEPEST = 32;
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).maxNumberLength(400)
            .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private final String path;
    private final Map<String, Object> values;
    private final Function<String, ? extends RuntimeException> refusal;

    private JsonFields(String path, Map<String, Object> values, Function<String, ? extends RuntimeException> refusal) {
        this.path = path;
        this.values = values;
        this.refusal = refusal;
    }

    /** @param file its name, for messages */
    static JsonFields parse(String file, byte[] bytes, Function<String, ? extends RuntimeException> refusal) {
        try (JsonParser parser = FACTORY.createParser(utf8(bytes))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) throw refusal.apply(file + " is not a JSON object");
            Map<String, Object> values = readObject(parser);
            if (parser.nextToken() != null) throw refusal.apply(file + " goes on after its JSON object");
            return new JsonFields(file + ": ", values, refusal);
        } catch (IOException notJson) {
            throw refusal.apply(file + " is not JSON: " + firstLine(notJson));
        }
    }

    static String utf8(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }

    private static String firstLine(IOException failure) {
        if (failure instanceof CharacterCodingException) return "it is not UTF-8";
        return InvalidTensorFileException.printable(String.valueOf(failure.getMessage()).lines().findFirst()
                .orElse(""));
    }

    private static Map<String, Object> readObject(JsonParser parser) throws IOException {
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            object.put(name, readValue(parser));
        }
        return object;
    }

    private static Object readValue(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> readObject(parser);
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) list.add(readValue(parser));
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> switch (parser.getNumberType()) {
                case INT, LONG -> parser.getLongValue();
                default -> parser.getDoubleValue();
            };
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case null, default -> throw new IOException("it ends too early");
        };
    }

    Set<String> names() {
        return values.keySet();
    }

    boolean has(String name) {
        return values.get(name) != null;
    }

    /** Absent, false, zero, empty: a field with such a value asks for nothing. */
    boolean asksForNothing(String name) {
        return switch (values.get(name)) {
            case null -> true;
            case Boolean flag -> !flag;
            case Number number -> number.doubleValue() == 0;
            case String text -> text.isEmpty();
            case List<?> list -> list.isEmpty();
            case Map<?, ?> map -> map.isEmpty();
            default -> false;
        };
    }

    Optional<Object> value(String name) {
        return Optional.ofNullable(values.get(name));
    }

    Optional<String> string(String name) {
        return typed(name, String.class, "a string");
    }

    boolean flag(String name, boolean fallback) {
        return typed(name, Boolean.class, "true or false").orElse(fallback);
    }

    int integer(String name) {
        return integer(name, () -> missing(name));
    }

    int integer(String name, int fallback) {
        return has(name) ? integer(name) : fallback;
    }

    private int integer(String name, Supplier<RuntimeException> absent) {
        return switch (values.get(name)) {
            case null -> throw absent.get();
            case Long number when number == number.intValue() -> number.intValue();
            case Double number when number == number.intValue() -> number.intValue();
            default -> throw wrong(name, "an integer of 32 bits");
        };
    }

    double number(String name) {
        if (!has(name)) throw missing(name);
        return typed(name, Number.class, "a number").orElseThrow().doubleValue();
    }

    double number(String name, double fallback) {
        return has(name) ? number(name) : fallback;
    }

    Optional<JsonFields> object(String name) {
        return typed(name, Map.class, "an object").map(map -> new JsonFields(path + name + ".", strings(map), refusal));
    }

    Optional<List<Object>> list(String name) {
        return typed(name, List.class, "a list").map(list -> List.<Object>copyOf(withoutNulls(name, list)));
    }

    private List<?> withoutNulls(String name, List<?> list) {
        if (list.contains(null)) throw wrong(name, "a list without null");
        return list;
    }

    Optional<List<String>> strings(String name) {
        return list(name).map(list -> list.stream().map(item -> {
            if (item instanceof String text) return text;
            throw wrong(name, "a list of strings");
        }).toList());
    }

    Optional<List<Integer>> integers(String name) {
        return list(name).map(list -> list.stream().map(item -> {
            if (item instanceof Long number && number == number.intValue()) return number.intValue();
            throw wrong(name, "a list of integers");
        }).toList());
    }

    RuntimeException missing(String name) {
        return refusal.apply(path + name + " is missing");
    }

    RuntimeException wrong(String name, String wanted) {
        String shown = InvalidTensorFileException.printable(String.valueOf(values.get(name)));
        return refusal.apply(path + name + " must be " + wanted + ", it is " + shown);
    }

    RuntimeException refused(String name, String why) {
        String shown = InvalidTensorFileException.printable(String.valueOf(values.get(name)));
        return refusal.apply(path + name + "=" + shown + " " + why);
    }

    private <T> Optional<T> typed(String name, Class<T> type, String wanted) {
        Object value = values.get(name);
        if (value == null) return Optional.empty();
        if (!type.isInstance(value)) throw wrong(name, wanted);
        return Optional.of(type.cast(value));
    }

    private static Map<String, Object> strings(Map<?, ?> map) {
        Map<String, Object> named = new LinkedHashMap<>();
        map.forEach((key, value) -> named.put((String) key, value));
        return named;
    }
}
