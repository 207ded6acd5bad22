package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.engine.ToyModel;
import graft.generation.grammar.SchemaCases;
import graft.tokens.ByteTokenizer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Chat answers held to a format, from a model that would say anything. */
@Timeout(60)
class ResponseFormatTest {
    private static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"unit\":{\"enum\":[\"kg\",\"lb\"]},"
            + "\"weight\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500}},\"required\":[\"unit\",\"weight\"],"
            + "\"additionalProperties\":false}";

    private static String chat(String format, int maxTokens, int seed) {
        return "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"temperature\":1.5,"
                + "\"seed\":" + seed + ",\"max_tokens\":" + maxTokens + ",\"response_format\":" + format + "}";
    }

    private static String schemaFormat(String schema) {
        return "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":" + schema
                + "}}";
    }

    private static JsonNode choice(InferenceWorld world, String body) {
        var reply = world.server.send("good", "POST", "/v1/chat/completions", body);
        assertEquals(200, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
        return Json.tree(reply.body()).at("/choices/0");
    }

    @Test
    void anAnswerIsValidAgainstItsSchemaAndStopsWhereItIsComplete() {
        try (InferenceWorld world = new InferenceWorld(ToyModel.hashing(ByteTokenizer.VOCABULARY))) {
            for (int seed = 0; seed < 20; seed++) {
                JsonNode choice = choice(world, chat(schemaFormat(SCHEMA), 200, seed));
                assertEquals("stop", choice.get("finish_reason").asText());
                SchemaCases.assertValid(SCHEMA, choice.at("/message/content").asText());
            }
        }
    }

    @Test
    void anAnswerCutByMaxTokensSaysSo() {
        try (InferenceWorld world = new InferenceWorld(ToyModel.hashing(ByteTokenizer.VOCABULARY))) {
            JsonNode choice = choice(world, chat(schemaFormat(SCHEMA), 5, 1));
            assertEquals("length", choice.get("finish_reason").asText());
            assertThrows(ApiException.class, () -> Json.tree(choice.at("/message/content").asText()
                    .getBytes(StandardCharsets.UTF_8)));
        }
    }

    @Test
    void jsonObjectIsAnyObject() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("{\"a\": [1, null]}"))) {
            JsonNode choice = choice(world, chat("{\"type\":\"json_object\"}", 100, 1).replace("1.5", "0"));
            assertEquals("{\"a\": [1, null]}", choice.at("/message/content").asText());
            assertEquals("stop", choice.get("finish_reason").asText());
        }
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("No."))) {
            JsonNode choice = choice(world, chat("{\"type\":\"json_object\"}", 3, 1).replace("1.5", "0"));
            assertTrue(choice.at("/message/content").asText().startsWith("{"));
        }
    }
}
