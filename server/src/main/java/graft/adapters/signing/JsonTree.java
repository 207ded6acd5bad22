package graft.adapters.signing;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A bounded JSON document, walked by names. What is not there or of another kind refuses the signature.
 *
 * @param where what to call it in messages
 */
record JsonTree(String where, Object value) {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(16).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    static JsonTree parse(String where, byte[] json) {
        try (JsonParser parser = FACTORY.createParser(json)) {
            parser.nextToken();
            Object value = read(parser);
            if (parser.nextToken() != null) throw new IOException("more behind it");
            return new JsonTree(where, value);
        } catch (IOException e) {
            throw new UntrustedSignatureException(where + " is not JSON.");
        }
    }

    private static Object read(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> object = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    object.put(name, read(parser));
                }
                yield object;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) list.add(read(parser));
                yield list;
            }
            case null -> throw new IOException("it ends too early");
            default -> parser.getText();
        };
    }

    JsonTree at(String name) {
        Object found = value instanceof Map<?, ?> map ? map.get(name) : null;
        if (found == null) throw new UntrustedSignatureException(where + " lacks '" + name + "'.");
        return new JsonTree(where, found);
    }

    Optional<String> textAt(String name) {
        return value instanceof Map<?, ?> map && map.get(name) instanceof String text ? Optional.of(text)
                : Optional.empty();
    }

    String text(String name) {
        return textAt(name).orElseThrow(() -> new UntrustedSignatureException(where + " lacks '" + name + "'."));
    }

    List<JsonTree> list(String name) {
        if (!(at(name).value() instanceof List<?> list))
            throw new UntrustedSignatureException("'" + name + "' of " + where + " is no list.");
        return list.stream().map(one -> new JsonTree(where, one)).toList();
    }
}
