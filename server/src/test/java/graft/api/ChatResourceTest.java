package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import graft.admission.Admission;
import graft.admission.RateLimits;
import graft.engine.Finished;
import graft.engine.ToyModel;
import graft.tokens.ByteTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Chat over HTTP, byte for byte as a client sees it. */
@Timeout(60)
class ChatResourceTest {
    private static final String RAFT = "##begin_quote## The pump weighs 134 kg. ##end_quote## [1]\n<ANSWER>: 134 kg";

    private static HttpResponse<byte[]> post(InferenceWorld world, String json) {
        return world.server.send("good", "POST", "/v1/chat/completions", json);
    }

    private static String chat(String more) {
        return "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
                + (more.isEmpty() ? "" : "," + more) + "}";
    }

    private static JsonNode json(HttpResponse<byte[]> reply, int status) {
        assertEquals(status, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
        return Json.tree(reply.body());
    }

    private static JsonNode refused(InferenceWorld world, int status, String code, String param, String body) {
        JsonNode error = json(post(world, body), status).get("error");
        assertEquals(code, error.get("code").asText(), error::toString);
        assertEquals(param, error.get("param").isNull() ? null : error.get("param").asText(), error::toString);
        return error;
    }

    /** The JSON of each event before the last, which says that it is done. */
    private static List<JsonNode> events(HttpResponse<byte[]> reply) {
        assertEquals(200, reply.statusCode());
        List<JsonNode> events = new ArrayList<>();
        String[] parts = new String(reply.body(), StandardCharsets.UTF_8).split("\n\n");
        for (int i = 0; i < parts.length - 1; i++) events.add(Json.tree(parts[i].substring(6)
                .getBytes(StandardCharsets.UTF_8)));
        assertEquals("data: [DONE]", parts[parts.length - 1]);
        return events;
    }

    private static String streamed(List<JsonNode> events, int choice) {
        StringBuilder text = new StringBuilder();
        for (JsonNode event : events) {
            for (JsonNode piece : event.get("choices")) {
                if (piece.get("index").asInt() == choice) text.append(piece.path("delta").path("content").asText());
            }
        }
        return text.toString();
    }

    @Test
    void anAnswerCarriesTextUsageCostAndWhatMadeIt() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("Grüße 𝄞"))) {
            HttpResponse<byte[]> reply = post(world, chat("\"temperature\":0"));
            JsonNode answer = json(reply, 200);
            assertEquals("Grüße 𝄞", answer.at("/choices/0/message/content").asText());
            assertEquals("stop", answer.at("/choices/0/finish_reason").asText());
            assertEquals("toy", answer.get("model").asText());
            assertEquals("fp_0123456789ab", answer.get("system_fingerprint").asText());
            int prompt = "..user\nHi.\n.assistant\n".length() - 1;
            assertEquals(prompt, answer.at("/usage/prompt_tokens").asInt());
            assertEquals(13, answer.at("/usage/completion_tokens").asInt());
            assertEquals(1234, answer.at("/graft/cost_micros").asInt());
            assertEquals("sha256:0123456789abcdef", answer.at("/graft/base_digest").asText());
            assertTrue(answer.at("/graft/adapter_digest").isNull());
            assertEquals(reply.headers().firstValue("x-request-id").orElseThrow(), answer.at("/graft/request_id")
                    .asText());
            assertTrue(reply.headers().firstValue("server-timing").orElseThrow().contains("engine;dur="));
            InferenceWorld.Row row = world.ledger.getFirst();
            assertEquals(13, row.settled.generatedTokens());
            assertEquals(prompt, row.start.promptTokens());
            assertEquals(13, row.delivered);
            world.awaitAllReleased();
        }
    }

    @Test
    void aStreamIsTheSameAnswerInPieces() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("Grüße 𝄞"))) {
            List<JsonNode> events = events(post(world, chat("\"temperature\":0,\"stream\":true")));
            assertEquals("assistant", events.getFirst().at("/choices/0/delta/role").asText());
            assertEquals("Grüße 𝄞", streamed(events, 0));
            assertEquals("stop", events.getLast().at("/choices/0/finish_reason").asText());
            assertEquals("{}", events.getLast().at("/choices/0/delta").toString());
            assertEquals(1234, events.getLast().at("/graft/cost_micros").asInt());
            assertFalse(events.stream().anyMatch(event -> event.has("usage")));
        }
    }

    @Test
    void theUsageChunkComesLastAndCarriesTheGraftObject() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("abc"))) {
            List<JsonNode> events =
                    events(post(world, chat("\"stream\":true,\"stream_options\":{\"include_usage\":true}")));
            JsonNode last = events.getLast();
            assertEquals(0, last.get("choices").size());
            assertEquals(4, last.at("/usage/completion_tokens").asInt());
            assertEquals("EUR", last.at("/graft/currency").asText());
            assertFalse(events.get(events.size() - 2).has("graft"));
            for (JsonNode event : events.subList(0, events.size() - 1))
                assertTrue(event.has("usage") && event.get("usage").isNull(), event::toString);
        }
    }

    @Test
    void stopStringsLengthAndSeveralChoicesEndAsAsked() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("one two three"))) {
            JsonNode stopped = json(post(world, chat("\"temperature\":0,\"stop\":[\" t\",\"zzz\"],\"n\":3")), 200);
            for (int i = 0; i < 3; i++) {
                assertEquals("one", stopped.at("/choices/" + i + "/message/content").asText());
                assertEquals("stop", stopped.at("/choices/" + i + "/finish_reason").asText());
            }
            JsonNode cut = json(post(world, chat("\"temperature\":0,\"max_tokens\":5")), 200);
            assertEquals("one t", cut.at("/choices/0/message/content").asText());
            assertEquals("length", cut.at("/choices/0/finish_reason").asText());
            List<JsonNode> events =
                    events(post(world, chat("\"temperature\":0,\"stream\":true,\"n\":2,\"stop\":\"ee\"")));
            assertEquals("one two thr", streamed(events, 0));
            assertEquals("one two thr", streamed(events, 1));
            assertEquals(world.ledger.size(), world.ledger.stream().filter(row -> row.settled != null).count());
        }
    }

    @Test
    void aSeedRepeatsAnAnswerAndEachChoiceDiffers() {
        try (InferenceWorld world = new InferenceWorld(ToyModel.hashing(ByteTokenizer.VOCABULARY))) {
            String asked = chat("\"seed\":7,\"n\":2,\"max_tokens\":24,\"graft\":{\"return_token_ids\":true}");
            JsonNode first = json(post(world, asked), 200);
            JsonNode again = json(post(world, asked), 200);
            assertEquals(first.at("/choices/0/graft"), again.at("/choices/0/graft"));
            assertEquals(first.at("/choices/1/graft"), again.at("/choices/1/graft"));
            assertNotEquals(first.at("/choices/0/graft"), first.at("/choices/1/graft"));
        }
    }

    @Test
    void passagesReachThePromptAndQuotesBecomeCitations() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying(RAFT))) {
            String asked = "{\"model\":\"reader\",\"temperature\":0,\"max_tokens\":200,"
                    + "\"messages\":[{\"role\":\"user\",\"content\":\"Weight?\"}],"
                    + "\"graft\":{\"vector_store_ids\":[\"" + InferenceWorld.STORE
                            + "\"],\"max_num_results\":2,\"filters\":{\"type\":\"eq\",\"key\":\"a\",\"value\":1}%s}%s}";
            JsonNode answer = json(post(world, asked.formatted("", "")), 200);
            assertEquals("reader@3", answer.get("model").asText());
            assertEquals(RAFT, answer.at("/choices/0/message/content").asText());
            JsonNode citation = answer.at("/choices/0/message/graft/citations/0");
            assertEquals("The pump weighs 134 kg.", citation.get("quote").asText());
            assertEquals(10, citation.get("start").asInt());
            assertEquals(33, citation.get("end").asInt());
            assertEquals(RAFT.indexOf("[1]"), citation.get("index").asInt());
            assertEquals("ret_1", answer.at("/graft/retrieval_id").asText());
            assertEquals("chunk-1", answer.at("/graft/retrieved/0/chunk_id").asText());
            assertEquals(0, answer.at("/graft/unverified_quotes").asInt());
            assertEquals("sha256:reader", answer.at("/graft/adapter_digest").asText());
            assertEquals("Weight?", world.questions.getFirst().text());
            assertEquals(2, world.questions.getFirst().maxResults());
            assertEquals("tenant-a", world.questions.getFirst().tenantId());
            assertEquals(7, world.ledger.getFirst().queryTokens);
            assertEquals(3, world.ledger.getFirst().start.adapterVersion());

            List<JsonNode> events =
                    events(post(world, asked.formatted(",\"show_reasoning\":false", ",\"stream\":true")));
            assertEquals("134 kg", streamed(events, 0));
            JsonNode cited = events.stream().map(event -> event.at("/choices/0/delta/graft/citations/0"))
                    .filter(JsonNode::isObject).findFirst().orElseThrow();
            assertEquals(6, cited.get("index").asInt());
            assertEquals("The pump weighs 134 kg.", cited.get("quote").asText());
        }
    }

    @Test
    void anInventedQuoteIsCountedAndNeverCited() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying(RAFT.replace("134 kg. ", "135 kg. ")))) {
            JsonNode answer = json(post(world,
                    "{\"model\":\"reader\",\"temperature\":0,\"max_tokens\":200,\"messages\":"
                    + "[{\"role\":\"user\",\"content\":\"Weight?\"}],\"graft\":{\"vector_store_ids\":[\""
                            + InferenceWorld.STORE + "\"]}}"), 200);
            assertEquals(0, answer.at("/choices/0/message/graft/citations").size());
            assertEquals(1, answer.at("/graft/unverified_quotes").asInt());
        }
    }

    @Test
    void aStrictRequestThatFindsNothingIsAnsweredWithoutTheModel() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("invented"))) {
            world.passages = List.of();
            String asked = chat("\"graft\":{\"strict\":true,\"vector_store_ids\":[\"" + InferenceWorld.STORE + "\"]}");
            JsonNode answer = json(post(world, asked), 200);
            assertEquals("The documents do not say.", answer.at("/choices/0/message/content").asText());
            assertEquals(0, answer.at("/usage/total_tokens").asInt());
            assertEquals(0, world.engine.status().totals().steps());
        }
    }

    @Test
    void tokenIdsAndAlternativesComeInBothShapes() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("ab"))) {
            JsonNode answer = json(post(world, chat("\"temperature\":0,\"logprobs\":true,\"top_logprobs\":2,"
                    + "\"graft\":{\"return_token_ids\":true,\"top_logprobs\":3}")), 200);
            assertEquals("[97,98,257]", answer.at("/choices/0/graft/token_ids").toString());
            assertEquals(3, answer.at("/choices/0/graft/top_logprobs/0").size());
            assertEquals(97, answer.at("/choices/0/graft/top_logprobs/0/0/id").asInt());
            JsonNode content = answer.at("/choices/0/logprobs/content");
            assertEquals(2, content.size());
            assertEquals("a", content.at("/0/token").asText());
            assertEquals("[97]", content.at("/0/bytes").toString());
            assertEquals(2, content.at("/0/top_logprobs").size());
            assertTrue(content.at("/0/logprob").asDouble() <= 0);
        }
    }

    @Test
    void whatIsWrongIsNamed() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("x"))) {
            refused(world, 400, "invalid_request", "messages[1].role",
                    "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
                            + "{\"role\":\"king\",\"content\":\"b\"}]}");
            refused(world, 400, "invalid_request", "messages[0].content[1].type",
                    "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\","
                    + "\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
                    + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]}");
            refused(world, 400, "invalid_request", "messages", "{\"model\":\"toy\",\"messages\":[]}");
            refused(world, 400, "invalid_request", "messages[0].content",
                    "{\"model\":\"toy\",\"messages\":[{\"role\":\"user\"}]}");
            refused(world, 400, "invalid_request", "temperature", chat("\"temperature\":3"));
            refused(world, 400, "invalid_request", "temperature", chat("\"temperature\":\"hot\""));
            refused(world, 400, "invalid_request", "n", chat("\"n\":0"));
            refused(world, 400, "invalid_request", "max_tokens", chat("\"max_tokens\":0"));
            refused(world, 400, "invalid_request", "top_logprobs", chat("\"top_logprobs\":2"));
            refused(world, 400, "invalid_request", "logit_bias", chat("\"logit_bias\":{\"99999\":1}"));
            refused(world, 400, "invalid_request", "stop", chat("\"stop\":[\"\"]"));
            refused(world, 400, "invalid_request", "stream_options",
                    chat("\"stream_options\":{\"include_usage\":true}"));
            refused(world, 400, "invalid_request", "response_format.type",
                    chat("\"response_format\":{\"type\":\"xml\"}"));
            refused(world, 400, "invalid_request", "response_format.json_schema.schema",
                    chat("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\"}}"));
            JsonNode unsupported = refused(world, 400, "invalid_request", "response_format.json_schema.schema",
                    chat("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\","
                            + "\"schema\":{\"type\":\"array\",\"uniqueItems\":true}}}"));
            assertTrue(unsupported.get("message").asText().contains("'uniqueItems' at #"));
            refused(world, 400, "invalid_request", "ignore_eos",
                    chat("\"ignore_eos\":true,\"response_format\":{\"type\":\"json_object\"}"));
            refused(world, 400, "invalid_request", "audio", chat("\"audio\":{\"voice\":\"x\",\"format\":\"wav\"}"));
            refused(world, 400, "invalid_request", "graft.vector_stores", chat("\"graft\":{\"vector_stores\":[]}"));
            refused(world, 400, "invalid_request", "graft.max_num_results", chat("\"graft\":{\"max_num_results\":0}"));
            refused(world, 400, "invalid_request", "graft.retrieval", chat("\"graft\":{\"retrieval\":\"sometimes\"}"));
            refused(world, 400, "invalid_request", "graft.adapters[0].name",
                    chat("\"graft\":{\"adapters\":[{\"name\":\"toy\"}]}"));
            refused(world, 404, "model_not_found", "model", chat("\"model\":\"nobody\"")
                    .replace("\"model\":\"toy\",", ""));
            refused(world, 400, "invalid_request", "model", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}");
            refused(world, 404, "not_found", null, chat("\"graft\":{\"vector_store_ids\":[\"vs_foreign\"]}"));
            refused(world, 400, "model_has_no_tokenizer", "model", chat("\"model\":\"bare\"")
                    .replace("\"model\":\"toy\",", ""));
            refused(world, 400, "context_length_exceeded", "messages", chat("\"max_tokens\":600"));
            assertEquals(0, world.ledger.size());
            world.awaitAllReleased();
        }
    }

    @Test
    void fieldsThatChangeNoAnswerAreAccepted() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("x"))) {
            for (String field : List.of("\"store\":true", "\"metadata\":{\"a\":\"b\"}", "\"user\":\"u\"",
                    "\"service_tier\":\"auto\"", "\"safety_identifier\":\"s\"", "\"prompt_cache_key\":\"k\"",
                    "\"prompt_cache_retention\":\"24h\"", "\"verbosity\":\"low\"", "\"reasoning_effort\":\"low\"",
                    "\"prediction\":{\"type\":\"content\",\"content\":\"x\"}", "\"modalities\":[\"text\"]",
                    "\"parallel_tool_calls\":true", "\"tools\":[]", "\"tool_choice\":\"none\"", "\"seed\":null",
                    "\"temperature\":null", "\"stop\":null", "\"logit_bias\":null", "\"n\":null", "\"logprobs\":null",
                    "\"stream_options\":null", "\"response_format\":{\"type\":\"text\"}", "\"a_field_of_tomorrow\":[1]",
                    "\"max_completion_tokens\":4", "\"min_p\":0.1", "\"top_k\":5"))
                json(post(world, chat(field)), 200);
            for (String field : List.of("modalities", "web_search_options", "moderation", "audio"))
                refused(world, 400, "invalid_request", field, chat("\"" + field + "\":"
                        + (field.equals("modalities") ? "[\"audio\"]" : "{}")));
        }
    }

    @Test
    void aRefusalOfAdmissionKeepsItsCode() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("x"))) {
            world.refusal = Optional.of(new Admission.Refused(Admission.Kind.RATE, "Too fast.", Duration.ofSeconds(3),
                    RateLimits.NONE));
            HttpResponse<byte[]> reply = post(world, chat(""));
            assertEquals("rate_limit_exceeded", json(reply, 429).at("/error/code").asText());
            assertEquals("3", reply.headers().firstValue("retry-after").orElseThrow());
            world.refusal = Optional.of(new Admission.Refused(Admission.Kind.QUOTA, "Spent.", Duration.ZERO,
                    RateLimits.NONE));
            refused(world, 429, "insufficient_quota", null, chat(""));
        }
    }

    @Test
    void aFullEngineRefusesAndBillsNothing() {
        try (InferenceWorld world = new InferenceWorld(InferenceWorld.saying("x"), 0)) {
            HttpResponse<byte[]> reply = post(world, chat("\"n\":3"));
            assertEquals("server_busy", json(reply, 429).at("/error/code").asText());
            assertTrue(reply.headers().firstValue("retry-after").isPresent());
            assertEquals(0, world.ledger.getFirst().settled.promptTokens());
            assertEquals(Finished.Reason.CANCELLED, world.ledger.getFirst().settled.reason());
            world.awaitAllReleased();
        }
    }

    @Test
    void whoLeavesIsBilledWhatWasGenerated() throws IOException {
        try (InferenceWorld world = new InferenceWorld(ToyModel.saying(ByteTokenizer.VOCABULARY, 'a', 'b', 'c'), 64)) {
            byte[] body = chat("\"temperature\":0,\"stream\":true,\"max_tokens\":400,\"logit_bias\":{\"257\":-100}")
                    .getBytes(StandardCharsets.UTF_8);
            try (Socket socket = new Socket("127.0.0.1", world.server.port())) {
                socket.getOutputStream()
                        .write(("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n"
                        + "Content-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().write(body);
                InputStream in = socket.getInputStream();
                assertTrue(in.read() > 0);
                socket.setSoLinger(true, 0);
            }
            while (world.ledger.isEmpty() || world.ledger.getFirst().settled == null) Thread.onSpinWait();
            Finished settled = world.ledger.getFirst().settled;
            assertTrue(settled.generatedTokens() <= 400 && settled.promptTokens() > 0, settled::toString);
            world.awaitAllReleased();
            assertEquals(0, world.engine.status().running());
        }
    }

    @Test
    void aFailureInsideAStreamIsToldInsideIt() {
        ToyModel failing = (request, tokens) -> {
            if (tokens.length > request.prompt().length + 2) throw new IllegalStateException("broken");
            return InferenceWorld.saying("abcdef").logits(request, tokens);
        };
        try (InferenceWorld world = new InferenceWorld(failing)) {
            HttpResponse<byte[]> reply = post(world, chat("\"temperature\":0,\"stream\":true"));
            String body = new String(reply.body(), StandardCharsets.UTF_8);
            assertTrue(body.contains("internal_error"), body);
            assertFalse(body.contains("[DONE]"), body);
            assertFalse(body.contains("\"finish_reason\":\"stop\""), body);
            assertEquals(Finished.Reason.FAILED, world.ledger.getFirst().settled.reason());
        }
    }
}
