package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.generation.GenerationRequest.Format;
import graft.generation.grammar.Grammars;
import java.util.Optional;

/** OpenAI's {@code response_format}: text, json_object, or json_schema with the schema that answers are held to. */
final class ResponseFormat {
    private static final String PARAM = "response_format";

    private ResponseFormat() {}

    /**
     * {@code strict} changes nothing: a schema is always held to, or refused.
     *
     * @return empty for text
     * @throws ApiException 400 that names the field
     */
    static Optional<Format> of(JsonNode format) {
        if (format == null || format.isNull()) return Optional.empty();
        String type = format.path("type").asText();
        return switch (type) {
            case "text" -> Optional.empty();
            case "json_object" -> Optional.of(new Format(Grammars.ANY_OBJECT, PARAM));
            case "json_schema" -> Optional.of(schema(format.path("json_schema")));
            default -> throw ApiException.invalid(PARAM + ".type",
                    "'response_format.type' must be text, json_object or json_schema.");
        };
    }

    private static Format schema(JsonNode given) {
        JsonNode schema = given.path("schema");
        String param = PARAM + ".json_schema.schema";
        if (!schema.isObject()) throw ApiException.invalid(param, "'" + param + "' must be a JSON Schema object.");
        return new Format(Json.mapper().convertValue(schema, Object.class), param);
    }
}
