package graft.generation.tools;

import graft.generation.grammar.Literals;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Messages with calls and results as a model's template takes them. A template that knows of tools gets them as they
 * are, with what is peculiar to its family; for one that does not, tools stand in the system message, calls in the
 * assistant's text, and results in a user's.
 */
final class ToolPrompt {
    /** Letters of a call's id that Mistral's template accepts. */
    static final int MISTRAL_ID = 9;
    private final Dialect dialect;
    private final ToolShapes shapes;

    ToolPrompt(Dialect dialect) {
        this.dialect = dialect;
        this.shapes = new ToolShapes(dialect.format());
    }

    /**
     * Templates differ in whether they take arguments as an object or as its JSON text, calls without a content, and a
     * system message: these are to be tried in turn.
     */
    List<List<Map<String, Object>>> variants(List<Map<String, Object>> messages, Optional<ToolUse> tools) {
        boolean calls = messages.stream().anyMatch(message -> message.containsKey("tool_calls")
                || "tool".equals(message.get("role")));
        boolean told = tools.isPresent() && !dialect.showsTools();
        if (!calls && !told) return List.of(messages);
        List<List<Map<String, Object>>> histories = new ArrayList<>();
        if (!calls) histories.add(messages);
        else if (!dialect.showsCalls()) histories.add(asTexts(messages));
        else for (List<Map<String, Object>> history : List.of(messages, withContent(messages)))
            histories.addAll(List.of(ofFamily(history), ofFamily(withArgumentsAsText(history))));
        if (!told) return histories;
        List<List<Map<String, Object>>> all = new ArrayList<>();
        String description = description(tools.get());
        for (List<Map<String, Object>> history : histories) all.add(told(history, "system", description));
        for (List<Map<String, Object>> history : histories) all.add(told(history, "user", description));
        return all;
    }

    private String description(ToolUse tools) {
        StringBuilder text = new StringBuilder("# Tools\n\nYou may call one or more functions to assist with the user"
                + " query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>");
        for (Tool tool : tools.tools()) text.append('\n').append(Literals.json(tool.wire()));
        return text.append("\n</tools>\n\nTo call a function, answer in exactly this format, with the function's name"
                + " and its arguments as a JSON object:\n").append(shapes.written(List.of(new ToolShapes.Written(
                        "<function-name>", "<args-json-object>")))).toString();
    }

    /** Adds to the first message of a role, or puts one before all others. */
    private static List<Map<String, Object>> told(List<Map<String, Object>> messages, String role, String text) {
        List<Map<String, Object>> all = new ArrayList<>(messages);
        for (int i = 0; i < all.size(); i++) {
            if (!role.equals(all.get(i).get("role"))) continue;
            Object before = all.get(i).get("content");
            all.set(i, with(all.get(i), "content", role.equals("system") ? before + "\n\n" + text
                    : text + "\n\n" + before));
            return all;
        }
        all.addFirst(Map.of("role", role, "content", text));
        return all;
    }

    private static Map<String, Object> with(Map<String, Object> message, String key, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(message);
        changed.put(key, value);
        return changed;
    }

    private List<Map<String, Object>> asTexts(List<Map<String, Object>> messages) {
        List<Map<String, Object>> all = new ArrayList<>();
        boolean results = false;
        for (Map<String, Object> message : messages) {
            if ("tool".equals(message.get("role"))) {
                String result = "<tool_response>\n" + message.get("content") + "\n</tool_response>";
                if (results) all.set(all.size() - 1, with(all.getLast(), "content", all.getLast().get("content") + "\n"
                        + result));
                else all.add(Map.of("role", "user", "content", result));
                results = true;
                continue;
            }
            results = false;
            all.add(message.containsKey("tool_calls") ? withCallsInText(message) : message);
        }
        return all;
    }

    private Map<String, Object> withCallsInText(Map<String, Object> message) {
        List<ToolShapes.Written> calls = functions(message).stream().map(function -> new ToolShapes.Written(
                String.valueOf(function.get("name")), argumentsText(function.get("arguments")))).toList();
        Object content = message.get("content");
        Map<String, Object> text = with(message, "content", (content == null || content.equals("") ? "" : content
                + "\n") + shapes.written(calls));
        text.remove("tool_calls");
        return text;
    }

    private static String argumentsText(Object arguments) {
        return arguments instanceof String text ? text : Literals.json(arguments);
    }

    private static List<Map<?, ?>> functions(Map<String, Object> message) {
        List<Map<?, ?>> all = new ArrayList<>();
        for (Object call : (List<?>) message.get("tool_calls")) {
            if (call instanceof Map<?, ?> map && map.get("function") instanceof Map<?, ?> function) all.add(function);
        }
        return all;
    }

    private static List<Map<String, Object>> withArgumentsAsText(List<Map<String, Object>> messages) {
        return mapped(messages, call -> {
            Map<Object, Object> copy = new LinkedHashMap<>(call);
            if (!(call.get("function") instanceof Map<?, ?> function)) return copy;
            Map<Object, Object> changed = new LinkedHashMap<>(function);
            changed.put("arguments", argumentsText(function.get("arguments")));
            copy.put("function", changed);
            return copy;
        });
    }

    /** Some templates split a content that is not there. */
    private static List<Map<String, Object>> withContent(List<Map<String, Object>> messages) {
        return messages.stream().map(message -> message.get("content") == null ? with(message, "content", "")
                : message).toList();
    }

    private static List<Map<String, Object>> mapped(List<Map<String, Object>> messages,
            Function<Map<?, ?>, Map<?, ?>> change) {
        return messages.stream().map(message -> !message.containsKey("tool_calls") ? message
                : with(message, "tool_calls", ((List<?>) message.get("tool_calls")).stream()
                        .map(call -> change.apply((Map<?, ?>) call)).toList())).toList();
    }

    /** Llama's template takes one call a message, Mistral's ids of nine letters. */
    private List<Map<String, Object>> ofFamily(List<Map<String, Object>> messages) {
        return switch (dialect.format()) {
            case HERMES, DEEPSEEK, DEEPSEEK_V31 -> messages;
            case LLAMA3 -> messages.stream().flatMap(message -> !message.containsKey("tool_calls")
                    ? Stream.of(message) : ((List<?>) message.get("tool_calls")).stream()
                            .map(call -> with(message, "tool_calls", List.of(call)))).toList();
            case MISTRAL -> mapped(messages, call -> {
                Map<Object, Object> copy = new LinkedHashMap<>(call);
                copy.put("id", shortId(call.get("id")));
                return copy;
            }).stream().map(message -> message.containsKey("tool_call_id") ? with(message, "tool_call_id",
                    shortId(message.get("tool_call_id"))) : message).toList();
        };
    }

    /** The same for the same id, so that a result still finds its call. */
    private static String shortId(Object id) {
        String given = String.valueOf(id);
        if (given.matches("[a-zA-Z0-9]{" + MISTRAL_ID + "}")) return given;
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(given.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().toHexDigits(ByteBuffer.wrap(digest).getLong()).substring(0, MISTRAL_ID);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
