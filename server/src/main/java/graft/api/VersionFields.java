package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import graft.registry.catalog.VersionMetadata;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What people may say about a version, in the fields of an upload and in a change: bounded, and fit to be stored. */
final class VersionFields {
    private static final Set<String> PROMPT_FORMATS = Set.of("documents-v1", "raft-v1");
    private static final int LONGEST_TEXT = 4096;
    private static final int LONGEST_JSON = 32 << 10;
    private static final int MOST_TAGS = 32;
    private static final int LONGEST_TAG = 64;

    private VersionFields() {}

    /** A change of a version's description; what is null stays as it is. */
    record Description(String note, List<String> tags, String trainingData, JsonNode metrics) {
        VersionMetadata over(VersionMetadata before) {
            return new VersionMetadata(note == null ? before.note() : text("note", note),
                    tags == null ? before.tags() : checkedTags(tags),
                    trainingData == null ? before.trainingData() : text("training_data", trainingData),
                    metrics == null || metrics.isNull() ? before.metrics() : object("metrics", metrics));
        }
    }

    static VersionMetadata metadata(Map<String, String> fields) {
        return new VersionMetadata(text("note", fields.getOrDefault("note", "")), tags(fields),
                text("training_data", fields.getOrDefault("training_data", "")), json(fields, "metrics"));
    }

    /** A list in JSON, or words with commas between them. */
    private static List<String> tags(Map<String, String> fields) {
        String text = fields.getOrDefault("tags", "");
        if (!text.startsWith("["))
            return checkedTags(Stream.of(text.split(",")).map(String::strip).filter(tag -> !tag.isEmpty()).toList());
        JsonNode list = parsed("tags", text);
        List<String> tags = new ArrayList<>();
        list.forEach(tag -> tags.add(tag.isTextual() ? tag.textValue() : ""));
        return checkedTags(tags);
    }

    private static List<String> checkedTags(List<String> tags) {
        boolean sound = tags.size() <= MOST_TAGS && tags.stream().allMatch(tag -> tag != null && !tag.isBlank()
                && tag.length() <= LONGEST_TAG && isText(tag)
                && tag.chars().noneMatch(c -> c == ',' || Character.isISOControl(c)));
        if (!sound) throw ApiException.invalid("tags", "'tags' may have " + MOST_TAGS + " texts of 1 to " + LONGEST_TAG
                + " characters, without commas and control characters.");
        return tags;
    }

    private static String text(String name, String text) {
        if (text.length() > LONGEST_TEXT)
            throw ApiException.invalid(name, "'" + name + "' may have " + LONGEST_TEXT + " characters.");
        if (!isText(text)) throw ApiException.invalid(name, "'" + name + "' holds a NUL character or no Unicode.");
        return text;
    }

    static Optional<Integer> parent(Map<String, String> fields) {
        String text = fields.getOrDefault("parent_version", "");
        if (text.isEmpty()) return Optional.empty();
        if (!text.matches("[1-9][0-9]{0,8}"))
            throw ApiException.invalid("parent_version", "'parent_version' must be the number of a version.");
        return Optional.of(Integer.valueOf(text));
    }

    static String manifest(Map<String, String> fields) {
        String text = json(fields, "manifest");
        JsonNode manifest = parsed("manifest", text);
        JsonNode format = manifest.get("prompt_format");
        if (format != null && !(format.isTextual() && PROMPT_FORMATS.contains(format.textValue())))
            throw ApiException.invalid("manifest.prompt_format", "'prompt_format' must be documents-v1 or raft-v1.");
        JsonNode instruction = manifest.get("instruction");
        if (instruction != null && !(instruction.isTextual() && instruction.textValue().equals("none")))
            throw ApiException.invalid("manifest.instruction", "'instruction' can only be \"none\".");
        return text;
    }

    /** A field's JSON object as it is stored; an empty one where the field is missing. */
    private static String json(Map<String, String> fields, String name) {
        String text = fields.getOrDefault(name, "");
        return text.isEmpty() ? "{}" : object(name, parsed(name, text));
    }

    private static JsonNode parsed(String name, String text) {
        try {
            return Json.tree(text.getBytes(StandardCharsets.UTF_8));
        } catch (ApiException e) {
            throw ApiException.invalid(name, "'" + name + "' is not valid JSON.");
        }
    }

    /** Postgres keeps neither NUL nor half a surrogate pair; both are the client's mistake. */
    private static String object(String name, JsonNode value) {
        if (!value.isObject()) throw ApiException.invalid(name, "'" + name + "' must be a JSON object.");
        if (!isText(value))
            throw ApiException.invalid(name, "'" + name + "' holds a NUL character or half a surrogate pair.");
        String text = new String(Json.write(value), StandardCharsets.UTF_8);
        if (text.length() > LONGEST_JSON)
            throw ApiException.invalid(name, "'" + name + "' may have " + LONGEST_JSON + " characters.");
        return text;
    }

    private static boolean isText(JsonNode value) {
        boolean own = value.properties().stream().allMatch(field -> isText(field.getKey()));
        for (JsonNode child : value) own &= isText(child);
        return own && (!value.isTextual() || isText(value.textValue()));
    }

    private static boolean isText(String text) {
        return text.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
