package graft.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import graft.registry.knowledge.Document.Chunking;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The fields that stores and their files share in OpenAI's shape, checked as OpenAI checks them. */
final class StoreFields {
    private static final Set<String> NAMES = Set.of("type", "static");
    private static final int MOST_PAIRS = 16;
    private static final int LONGEST_KEY = 64;
    private static final int LONGEST_VALUE = 512;
    private static final Chunking AUTO = new Chunking(800, 400);

    private StoreFields() {}

    /** A strategy as the API says it back: auto has become the numbers it stands for. */
    record Strategy(String type, @JsonProperty("static") Static numbers) {
        record Static(int maxChunkSizeTokens, int chunkOverlapTokens) {}

        static Strategy of(Chunking chunking) {
            return new Strategy("static", new Static(chunking.maxTokens(), chunking.overlapTokens()));
        }
    }

    static Chunking chunking(JsonNode strategy) {
        if (isAbsent(strategy)) return AUTO;
        String type = strategy.path("type").asText("");
        if (type.equals("auto")) return AUTO;
        if (!type.equals("static") || !strategy.path("static").isObject())
            throw ApiException.invalid("chunking_strategy",
                    "The type must be 'auto' or 'static' with an object 'static'.");
        strategy.fieldNames().forEachRemaining(name -> {
            if (!NAMES.contains(name)) throw ApiException.invalid("chunking_strategy." + name, "Unknown field.");
        });
        JsonNode numbers = strategy.path("static");
        int most = number(numbers, "max_chunk_size_tokens", 100, 4096);
        return new Chunking(most, number(numbers, "chunk_overlap_tokens", 0, most / 2));
    }

    private static int number(JsonNode object, String name, int least, int most) {
        JsonNode value = object.path(name);
        if (value.isIntegralNumber() && value.canConvertToInt()) {
            int found = value.intValue();
            if (found >= least && found <= most) return found;
        }
        throw ApiException.invalid("chunking_strategy.static." + name, "'" + name + "' must be a whole number from "
                + least + " to " + most + ".");
    }

    /** @return a JSON object of strings as text */
    static String metadata(JsonNode metadata) {
        return pairs(metadata, "metadata", false);
    }

    /** @return a JSON object of strings, numbers and booleans as text */
    static String attributes(JsonNode attributes) {
        return pairs(attributes, "attributes", true);
    }

    private static String pairs(JsonNode object, String param, boolean anyScalar) {
        if (isAbsent(object)) return "{}";
        if (!object.isObject() || object.size() > MOST_PAIRS)
            throw ApiException.invalid(param, "'" + param + "' must be an object of at most " + MOST_PAIRS + " pairs.");
        for (Map.Entry<String, JsonNode> pair : object.properties()) {
            JsonNode value = pair.getValue();
            boolean fits = value.isTextual() ? isText(value.textValue(), LONGEST_VALUE)
                    : anyScalar && (value.isBoolean() || value.isNumber() && Double.isFinite(value.doubleValue()));
            if (!isText(pair.getKey(), LONGEST_KEY) || !fits) {
                throw ApiException.invalid(param + "." + pair.getKey(), "Keys have at most " + LONGEST_KEY
                        + " characters; values are strings of at most " + LONGEST_VALUE + " characters"
                        + (anyScalar ? ", numbers or booleans." : "."));
            }
        }
        return object.toString();
    }

    /** Postgres can't keep U+0000. */
    private static boolean isText(String text, int longest) {
        return text.length() <= longest && text.indexOf('\0') < 0;
    }

    /** @return days, or empty for never */
    static Optional<Integer> expiry(JsonNode expiresAfter) {
        if (isAbsent(expiresAfter)) return Optional.empty();
        JsonNode days = expiresAfter.path("days");
        if (!expiresAfter.path("anchor").asText("").equals("last_active_at") || !days.isIntegralNumber()
                || !days.canConvertToInt() || days.intValue() < 1 || days.intValue() > 365) {
            throw ApiException.invalid("expires_after",
                    "'expires_after' must be {\"anchor\": \"last_active_at\", \"days\": 1 to 365}.");
        }
        return Optional.of(days.intValue());
    }

    static String text(String value, String param, int longest) {
        if (value == null) return "";
        if (!isText(value, longest)) {
            throw ApiException.invalid(param, "'" + param + "' must have at most " + longest
                    + " characters, none of them U+0000.");
        }
        return value;
    }

    static boolean isAbsent(JsonNode node) {
        return node == null || node.isNull() || node.isMissingNode();
    }
}
