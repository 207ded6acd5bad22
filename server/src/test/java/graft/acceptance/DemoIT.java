package graft.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The demo as it is started by default (bf16): what fine-tuning and retrieval give together, measured over HTTP. */
@ExtendWith(SharedGraft.class)
class DemoIT {
    private static RunningGraft graft;

    @BeforeAll
    static void use(RunningGraft shared) {
        graft = shared;
    }

    @Test
    void theTriageAdapterAnswersTheExpectedJsonOnNineOfTen() {
        List<Callable<Boolean>> tasks = new ArrayList<>();
        for (JsonNode row : Demo.lines("triage-eval.jsonl")) {
            tasks.add(() -> {
                JsonNode answer = Demo.greedy(graft, "triage", row.get("messages"), 48);
                return row.get("expected").equals(parse(answer.at("/choices/0/message/content").asText()));
            });
        }
        long right = Demo.together(8, tasks).stream().filter(ok -> ok).count();
        System.out.println("triage in bf16: " + right + " of " + tasks.size() + " exact");
        assertTrue(right >= 0.9 * tasks.size(), right + " of " + tasks.size());
    }

    @Test
    void anAdapterAndAStoreTogetherAnswerRightWithVerifiedCitations() {
        String store = handbook();
        List<Callable<Hybrid>> tasks = new ArrayList<>();
        for (JsonNode row : Demo.lines("handbook-eval.jsonl")) tasks.add(() -> ask(store, row));
        List<Hybrid> all = Demo.together(4, tasks);
        List<Hybrid> answerable = all.stream().filter(one -> !one.row.get("answer").isNull()).toList();
        long right = answerable.stream().filter(Hybrid::right).count();
        long cited = answerable.stream().filter(Hybrid::cited).count();
        System.out.println("hybrid in bf16: " + right + " right and " + cited + " with a verified citation of "
                + answerable.size() + " answerable; unverified quotes on the rest "
                + all.stream().filter(one -> one.row.get("answer").isNull()).mapToInt(Hybrid::unverified).sum());
        assertTrue(right >= 0.85 * answerable.size(), right + " right of " + answerable.size());
        assertTrue(cited >= 0.80 * answerable.size(), cited + " cited of " + answerable.size());
        for (Hybrid one : all) {
            for (JsonNode citation : one.answer.at("/choices/0/message/graft/citations")) {
                assertEquals(citation.get("quote").asText(), slice(store, citation));
            }
        }
        usageEqualsTheResponses(all.stream().map(one -> one.answer).toList());
    }

    private record Hybrid(JsonNode row, JsonNode answer) {
        String content() {
            return answer.at("/choices/0/message/content").asText();
        }

        boolean right() {
            return content().substring(Math.max(0, content().indexOf("<ANSWER>"))).contains(row.get("answer").asText());
        }

        boolean cited() {
            for (JsonNode citation : answer.at("/choices/0/message/graft/citations")) {
                if (citation.get("filename").equals(row.get("file"))
                        && citation.get("quote").asText().contains(row.get("answer").asText())) return true;
            }
            return false;
        }

        int unverified() {
            return answer.at("/graft/unverified_quotes").asInt();
        }
    }

    private static Hybrid ask(String store, JsonNode row) {
        RunningGraft.Reply reply = graft.post(graft.demoKey(), "/v1/chat/completions", Map.of("model", "raft-reader",
                "messages", List.of(Map.of("role", "user", "content", row.get("question").asText())),
                "max_tokens", 120, "temperature", 0, "graft", Map.of("vector_store_ids", List.of(store))));
        assertEquals(200, reply.status(), () -> String.valueOf(reply.json()));
        return new Hybrid(row, reply.json());
    }

    private static String handbook() {
        for (JsonNode store : graft.get(graft.demoKey(), "/v1/vector_stores").json().get("data")) {
            if (store.get("name").asText().equals("handbook")) return store.get("id").asText();
        }
        throw new AssertionError("no handbook store was seeded");
    }

    private static String slice(String store, JsonNode citation) {
        JsonNode pages = graft.get(graft.demoKey(), "/v1/vector_stores/" + store + "/files/"
                + citation.get("file_id").asText() + "/content").json().get("data");
        StringBuilder text = new StringBuilder();
        for (JsonNode page : pages) text.append(page.get("text").asText());
        int from = text.toString().offsetByCodePoints(0, citation.get("start").asInt());
        int to = text.toString().offsetByCodePoints(0, citation.get("end").asInt());
        return text.substring(from, to);
    }

    /** The ledger's sums over these requests' models equal what the responses said. */
    private static void usageEqualsTheResponses(List<JsonNode> answers) {
        long prompt = answers.stream().mapToLong(a -> a.at("/usage/prompt_tokens").asLong()).sum();
        long completion = answers.stream().mapToLong(a -> a.at("/usage/completion_tokens").asLong()).sum();
        JsonNode buckets = graft.get(graft.demoKey(), "/v1/organization/usage/completions?start_time="
                + (System.currentTimeMillis() / 1000 - 86_400)
                + "&group_by=model&bucket_width=1d").json().get("data");
        long input = 0;
        long output = 0;
        for (JsonNode bucket : buckets) {
            for (JsonNode result : bucket.get("results")) {
                if (!result.get("model").asText().startsWith("raft-reader")) continue;
                input += result.get("input_tokens").asLong();
                output += result.get("output_tokens").asLong();
            }
        }
        assertEquals(prompt, input, "prompt tokens in the ledger");
        assertEquals(completion, output, "completion tokens in the ledger");
    }

    private static JsonNode parse(String text) {
        try {
            return RunningGraft.JSON.readTree(text);
        } catch (IOException e) {
            return null; // not JSON: counts as a wrong answer
        }
    }
}
