package graft.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * JSON to wire records and back: snake_case, bounded depth and number length, duplicate keys and trailing text refused.
 * Unknown fields are ignored at the top, as OpenAI's server does with new clients; records named graft refuse them by
 * {@code @JsonIgnoreProperties(ignoreUnknown = false)} being checked in {@link #readStrict}.
 */
final class Json {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .defaultPropertyInclusion(JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS))
            .build();

    static {
        MAPPER.getFactory().setStreamReadConstraints(StreamReadConstraints.builder()
                .maxNestingDepth(64).maxNumberLength(400).maxStringLength(64 << 20).build());
    }

    private Json() {}

    /** @throws ApiException 400 that names the field */
    static <T> T read(byte[] body, Class<T> type) {
        try {
            T value = MAPPER.readValue(body, type);
            if (value == null) throw ApiException.invalid("The body must be a JSON object.");
            return value;
        } catch (JsonProcessingException e) {
            throw refusal(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode tree(byte[] body) {
        return read(body, JsonNode.class);
    }

    /** Binds a part of a body; unlike {@link #read}, a field that the record lacks is refused. */
    static <T> T readStrict(JsonNode node, Class<T> type, String param) {
        try {
            return MAPPER.readerFor(type).with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).readValue(node);
        } catch (JsonMappingException e) {
            String path = path(param, e);
            throw ApiException.invalid(path, sentence(path, e));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a wire record that can't be written: " + value.getClass(), e);
        }
    }

    static ObjectMapper mapper() {
        return MAPPER;
    }

    private static ApiException refusal(JsonProcessingException e) {
        if (e.getCause() instanceof ApiException refused) return refused;
        String where = e.getLocation() == null ? ""
                : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
        if (e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
            String path = path(null, mapping);
            return ApiException.invalid(path, sentence(path, mapping));
        }
        if (e instanceof MismatchedInputException) return ApiException.invalid("The body must be a JSON object.");
        return ApiException.invalid("The body is not valid JSON: " + brief(e) + where);
    }

    /** What is wrong in the client's words: Jackson's own name Java classes. */
    private static String sentence(String path, JsonMappingException e) {
        if (e instanceof UnrecognizedPropertyException unknown) {
            String known = unknown.getKnownPropertyIds().stream().map(Object::toString).sorted()
                    .collect(Collectors.joining(", "));
            return "'" + path + "' is not a known field; known here: " + known + ".";
        }
        if (e instanceof MismatchedInputException mismatched && mismatched.getTargetType() != null)
            return "'" + path + "' must be " + kind(mismatched.getTargetType()) + ".";
        return brief(e);
    }

    private static String kind(Class<?> type) {
        if (type == Integer.class || type == int.class || type == Long.class || type == long.class)
            return "a whole number";
        if (Number.class.isAssignableFrom(type) || type == double.class || type == float.class) return "a number";
        if (type == Boolean.class || type == boolean.class) return "true or false";
        if (type == String.class) return "a text";
        return Collection.class.isAssignableFrom(type) ? "a list" : "an object";
    }

    private static String brief(JsonProcessingException e) {
        String message = e.getOriginalMessage();
        return message.length() > 300 ? message.substring(0, 300) + "..." : message;
    }

    private static String path(String prefix, JsonMappingException e) {
        StringBuilder path = new StringBuilder(prefix == null ? "" : prefix);
        for (JsonMappingException.Reference step : e.getPath()) {
            if (step.getFieldName() == null) path.append('[').append(step.getIndex()).append(']');
            else path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
        }
        return path.isEmpty() ? null : path.toString();
    }
}
