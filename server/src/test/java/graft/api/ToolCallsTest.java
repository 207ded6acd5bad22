package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.engine.FakeEngine;
import graft.engine.ToyModel;
import graft.generation.grammar.SchemaCases;
import graft.tokens.ByteTokenizer;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Functions over HTTP, from models that call them and from one that would say anything. */
@Timeout(60)
class ToolCallsTest {
    private static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"city\":{\"enum\":[\"Bern\",\"Rom\"]},"
            + "\"days\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9}},\"required\":[\"city\",\"days\"],"
            + "\"additionalProperties\":false}";
    private static final String CALL = "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n"
            + "</tool_call>";

    private static InferenceWorld world(ToyModel model) {
        return new InferenceWorld(model, FakeEngine.INBOX, 8192);
    }

    /** Says anything, and is not shy to end. */
    private static ToyModel anything() {
        ToyModel hashing = ToyModel.hashing(ByteTokenizer.VOCABULARY);
        return (request, tokens) -> {
            float[] logits = hashing.logits(request, tokens);
            logits[ByteTokenizer.END] = 6;
            return logits;
        };
    }

    private static String tool(String name, String schema, boolean strict) {
        return "{\"type\":\"function\",\"function\":{\"name\":\"" + name + "\",\"description\":\"d\",\"strict\":" + strict
                + ",\"parameters\":" + schema + "}}";
    }

    private static String chat(String more) {
        return "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":900," + more + "}";
    }

    private static HttpResponse<byte[]> post(InferenceWorld world, String body) {
        return world.server.send("good", "POST", "/v1/chat/completions", body);
    }

    private static JsonNode choice(InferenceWorld world, String body) {
        HttpResponse<byte[]> reply = post(world, body);
        assertEquals(200, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
        return Json.tree(reply.body()).at("/choices/0");
    }

    private static List<JsonNode> deltas(InferenceWorld world, String body) {
        HttpResponse<byte[]> reply = post(world, body);
        assertEquals(200, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
        return Stream.of(new String(reply.body(), StandardCharsets.UTF_8).split("\n\n"))
                .filter(part -> !part.equals("data: [DONE]"))
                .map(part -> Json.tree(part.substring(6).getBytes(StandardCharsets.UTF_8)).at("/choices/0")).toList();
    }

    @Test
    void aCallIsAMessageWithoutContent() {
        try (InferenceWorld world = world(InferenceWorld.saying(CALL))) {
            JsonNode choice = choice(world, chat("\"temperature\":0,\"tools\":[" + tool("weather", SCHEMA, false) + "]"));
            assertEquals("tool_calls", choice.get("finish_reason").asText());
            assertTrue(choice.at("/message/content").isNull());
            JsonNode call = choice.at("/message/tool_calls/0");
            assertEquals("function", call.get("type").asText());
            assertEquals("weather", call.at("/function/name").asText());
            assertEquals("{\"city\": \"Bern\"}", call.at("/function/arguments").asText());
            assertTrue(call.get("id").asText().startsWith("call_"));
        }
    }

    @Test
    void aStreamBeginsACallAndThenSendsItsArguments() {
        try (InferenceWorld world = world(InferenceWorld.saying("Wait.\n" + CALL + "\n" + CALL))) {
            List<JsonNode> deltas = deltas(world, chat("\"temperature\":0,\"stream\":true,\"tools\":["
                    + tool("weather", SCHEMA, false) + "]"));
            StringBuilder text = new StringBuilder();
            deltas.forEach(one -> text.append(one.at("/delta/content").asText("")));
            assertEquals("Wait.", text.toString());
            List<JsonNode> pieces = deltas.stream().map(one -> one.at("/delta/tool_calls/0"))
                    .filter(JsonNode::isObject).toList();
            JsonNode first = pieces.getFirst();
            assertEquals("[\"index\",\"id\",\"type\",\"function\"]", names(first));
            assertEquals("", first.at("/function/arguments").asText("absent"));
            assertEquals("weather", first.at("/function/name").asText());
            assertEquals("[\"index\",\"function\"]", names(pieces.get(1)));
            for (int index : new int[] {0, 1}) {
                StringBuilder arguments = new StringBuilder();
                pieces.stream().filter(one -> one.get("index").asInt() == index)
                        .forEach(one -> arguments.append(one.at("/function/arguments").asText()));
                assertEquals("{\"city\": \"Bern\"}", arguments.toString());
            }
            assertEquals("tool_calls", deltas.getLast().get("finish_reason").asText());
        }
    }

    private static String names(JsonNode node) {
        StringBuilder names = new StringBuilder("[");
        node.fieldNames().forEachRemaining(name -> names.append(names.length() > 1 ? "," : "").append('"').append(name)
                .append('"'));
        return names.append(']').toString();
    }

    @Test
    void aTextStaysATextAndNoneCallsNothing() {
        try (InferenceWorld world = world(InferenceWorld.saying("No need."))) {
            JsonNode choice = choice(world, chat("\"temperature\":0,\"tools\":[" + tool("weather", SCHEMA, true) + "]"));
            assertEquals("No need.", choice.at("/message/content").asText());
            assertEquals("stop", choice.get("finish_reason").asText());
            assertFalse(choice.get("message").has("tool_calls"));
        }
        try (InferenceWorld world = world(InferenceWorld.saying(CALL))) {
            JsonNode choice = choice(world, chat("\"temperature\":0,\"tool_choice\":\"none\",\"tools\":["
                    + tool("weather", SCHEMA, true) + "]"));
            assertEquals(CALL, choice.at("/message/content").asText());
            int prompt = "..user\nHi.\n.assistant\n".length() - 1;
            assertEquals(prompt, world.ledger.getFirst().start.promptTokens());
        }
    }

    @Test
    void aCallThatIsRequiredIsAlwaysValid() {
        String tools = "\"tools\":[" + tool("weather", SCHEMA, true) + "," + tool("other", "{\"type\":\"object\"}", false)
                + "]";
        String named = "{\"type\":\"function\",\"function\":{\"name\":\"weather\"}}";
        String allowed = "{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\",\"tools\":[" + named + "]}}";
        int finished = 0;
        try (InferenceWorld world = world(anything())) {
            for (String choice : List.of(named, allowed, "\"required\"")) {
                for (int seed : IntStream.range(0, 8).toArray()) {
                    JsonNode answer = choice(world, chat("\"temperature\":1.5,\"seed\":" + seed + ",\"tool_choice\":"
                            + choice + "," + tools + ",\"parallel_tool_calls\":" + (seed % 2 == 0)));
                    if (answer.get("finish_reason").asText().equals("length")) continue;
                    finished++;
                    assertEquals("tool_calls", answer.get("finish_reason").asText());
                    for (JsonNode call : answer.at("/message/tool_calls")) {
                        String name = call.at("/function/name").asText();
                        if (!choice.startsWith("\"")) assertEquals("weather", name);
                        SchemaCases.assertValid(name.equals("weather") ? SCHEMA : "{\"type\":\"object\"}",
                                call.at("/function/arguments").asText());
                    }
                    if (seed % 2 == 1) assertEquals(1, answer.at("/message/tool_calls").size());
                }
            }
        }
        assertTrue(finished >= 12, "finished=" + finished);
    }

    @Test
    void onceACallOfAStrictFunctionBeginsItIsHeldToItsSchema() {
        int[] opening = ByteTokenizer.ids("Hm. <tool_call>");
        ToyModel anything = anything();
        ToyModel opens = (request, tokens) -> {
            int at = tokens.length - request.prompt().length;
            float[] logits = anything.logits(request, tokens);
            if (at < opening.length) logits[opening[at]] = 100;
            return logits;
        };
        try (InferenceWorld world = world(opens)) {
            JsonNode answer = choice(world, chat("\"temperature\":1,\"seed\":3,\"parallel_tool_calls\":false,\"tools\":["
                    + tool("weather", SCHEMA, true) + "]"));
            assertEquals("tool_calls", answer.get("finish_reason").asText());
            assertEquals("Hm.", answer.at("/message/content").asText());
            SchemaCases.assertValid(SCHEMA, answer.at("/message/tool_calls/0/function/arguments").asText());
        }
    }

    @Test
    void aConversationWithCallsAndResultsGoesOn() {
        String history = "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\","
                + "\"content\":null,\"tool_calls\":[{\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":\"weather\","
                + "\"arguments\":\"{\\\"city\\\":\\\"Bern\\\"}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c1\","
                + "\"content\":\"sunny\"}],\"temperature\":0}";
        try (InferenceWorld world = world(InferenceWorld.saying("Sunny."))) {
            assertEquals("Sunny.", choice(world, history.formatted("c1")).at("/message/content").asText());
            refused(world, "messages[2].tool_call_id", history.formatted("c2"));
            refused(world, "messages[1].tool_calls[0].function.arguments", history.formatted("c1")
                    .replace("\\\"city\\\"", "city"));
        }
    }

    private static void refused(InferenceWorld world, String param, String body) {
        HttpResponse<byte[]> reply = post(world, body);
        String text = new String(reply.body(), StandardCharsets.UTF_8);
        assertEquals(400, reply.statusCode(), text);
        assertEquals(param, Json.tree(reply.body()).at("/error/param").asText(), text);
    }

    @Test
    void badToolsAreNamed() {
        String good = tool("f", SCHEMA, false);
        try (InferenceWorld world = world(InferenceWorld.saying("x"))) {
            refused(world, "tools", chat("\"tools\":{}"));
            refused(world, "tools", chat("\"tools\":[" + "%s,".formatted(good).repeat(128) + good + "]"));
            refused(world, "tools[1].function.name", chat("\"tools\":[" + good + "," + good + "]"));
            refused(world, "tools[0].function.name", chat("\"tools\":[" + tool("a b", SCHEMA, false) + "]"));
            refused(world, "tools[0].type", chat("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"x\"}}]"));
            refused(world, "tools[0].function.parameters", chat("\"tools\":[" + tool("f", "{\"type\":\"array\"}", false)
                    + "]"));
            refused(world, "tools[0].function.parameters", chat("\"tools\":[" + tool("f",
                    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"wat\"}}}", false) + "]"));
            refused(world, "tools[0].function.parameters", chat("\"tools\":[" + tool("f",
                    "{\"type\":\"object\",\"minProperties\":2}", true) + "]"));
            refused(world, "tools[0].function.parameters", chat("\"tools\":[" + tool("f",
                    "{\"type\":\"object\",\"description\":\"" + "x".repeat(66_000) + "\"}", false) + "]"));
            refused(world, "tool_choice", chat("\"tools\":[" + good + "],\"tool_choice\":\"maybe\""));
            refused(world, "tool_choice", chat("\"tools\":[" + good
                    + "],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}}"));
            refused(world, "tool_choice", chat("\"tool_choice\":\"required\""));
            refused(world, "functions", chat("\"functions\":[{\"name\":\"f\"}]"));
            refused(world, "function_call", chat("\"function_call\":\"auto\""));
            refused(world, "ignore_eos", chat("\"ignore_eos\":true,\"tools\":[" + good + "]"));
            assertEquals(0, world.ledger.size());
            JsonNode loose = choice(world, chat("\"temperature\":0,\"tools\":[" + tool("f",
                    "{\"type\":\"object\",\"minProperties\":2}", false) + "]"));
            assertEquals("x", loose.at("/message/content").asText());
        }
    }
}
