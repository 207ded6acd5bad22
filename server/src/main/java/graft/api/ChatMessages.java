package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import graft.api.ChatRequest.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Messages as clients send them to messages as chat templates read them. */
final class ChatMessages {
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");

    private ChatMessages() {}

    /** @throws ApiException 400 that names the field */
    static List<Map<String, Object>> of(List<Message> messages) {
        if (messages == null || messages.isEmpty()) throw ApiException.invalid("messages",
                "'messages' must hold at least one message.");
        List<Map<String, Object>> result = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) result.add(one(messages.get(i), "messages[" + i + "]"));
        return result;
    }

    private static Map<String, Object> one(Message message, String at) {
        if (message == null) throw ApiException.invalid(at, "A message must be an object.");
        if (message.role() == null || !ROLES.contains(message.role())) throw ApiException.invalid(at + ".role",
                "A message's role must be system, developer, user, assistant or tool.");
        if (given(message.audio())) throw ApiException.invalid(at + ".audio", "Audio is not served.");
        if (given(message.functionCall())) throw ApiException.invalid(at + ".function_call", "Use tool_calls.");
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("role", message.role().equals("developer") ? "system" : message.role());
        boolean calls = given(message.toolCalls()) && !message.toolCalls().isEmpty();
        if (calls && !message.role().equals("assistant")) throw ApiException.invalid(at + ".tool_calls",
                "Only an assistant calls tools.");
        map.put("content", content(message, at + ".content", calls));
        if (message.name() != null) map.put("name", message.name());
        if (calls) map.put("tool_calls", toolCalls(message.toolCalls(), at + ".tool_calls"));
        if (message.toolCallId() != null) map.put("tool_call_id", message.toolCallId());
        if (message.reasoningContent() != null) map.put("reasoning_content", message.reasoningContent());
        return map;
    }

    private static boolean given(JsonNode field) {
        return field != null && !field.isNull();
    }

    /** A text; null only for an assistant that calls tools. Parts are joined line by line. */
    private static String content(Message message, String at, boolean mayLack) {
        JsonNode content = message.content();
        if (!given(content)) {
            if (mayLack) return null;
            throw ApiException.invalid(at, "A message needs a content.");
        }
        if (content.isTextual()) return content.asText();
        if (!content.isArray())
            throw ApiException.invalid(at, "A message's content must be a text or a list of parts.");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < content.size(); i++) {
            JsonNode part = content.get(i);
            String type = part.path("type").asText();
            String field = type.equals("refusal") ? "refusal" : "text";
            if (!type.equals("text") && !type.equals("refusal")) throw ApiException.invalid(at + "[" + i + "].type",
                    "Only parts of type 'text' are served, not '" + type + "'.");
            if (!part.path(field).isTextual()) throw ApiException.invalid(at + "[" + i + "]." + field,
                    "A part needs its text.");
            texts.add(part.get(field).asText());
        }
        return String.join("\n", texts);
    }

    /** Templates read arguments as an object; the API carries them as JSON text. */
    private static Object toolCalls(JsonNode calls, String at) {
        if (!calls.isArray()) throw ApiException.invalid(at, "tool_calls must be a list.");
        ArrayNode copy = calls.deepCopy();
        for (JsonNode call : copy) {
            if (!(call.path("function") instanceof ObjectNode function) || !function.path("arguments")
                    .isTextual()) continue;
            try {
                JsonNode arguments = Json.mapper().readTree(function.get("arguments").asText());
                if (arguments.isObject()) function.set("arguments", arguments);
            } catch (IOException e) {
                throw ApiException.invalid(at, "A tool call's arguments must be JSON.");
            }
        }
        return Json.mapper().convertValue(copy, List.class);
    }
}
