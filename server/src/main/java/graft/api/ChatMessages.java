package graft.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import graft.api.ChatRequest.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
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
        Set<String> called = new HashSet<>();
        for (int i = 0; i < messages.size(); i++) result.add(one(messages.get(i), "messages[" + i + "]", called));
        return result;
    }

    /** @param called ids of the calls so far */
    private static Map<String, Object> one(Message message, String at, Set<String> called) {
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
        if (message.role().equals("tool") && (message.toolCallId() == null || !called.contains(message.toolCallId())))
            throw ApiException.invalid(at + ".tool_call_id", "A message of the role 'tool' answers a tool call of a"
                    + " message before it, by its id.");
        if (calls) message.toolCalls().forEach(call -> called.add(call.get("id").asText()));
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
        ToolCalls.check(calls, at);
        ArrayNode copy = calls.deepCopy();
        for (int i = 0; i < copy.size(); i++) {
            ObjectNode function = (ObjectNode) copy.get(i).get("function");
            try {
                JsonNode arguments = Json.mapper().readTree(function.get("arguments").asText());
                if (arguments.isObject()) function.set("arguments", arguments);
            } catch (IOException e) {
                throw ApiException.invalid(at + "[" + i + "].function.arguments",
                        "A tool call's arguments must be JSON.");
            }
        }
        return Json.mapper().convertValue(copy, List.class);
    }
}
