package graft.acceptance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo in float32, over HTTP: answers equal those of transformers + PEFT, alone and mixed. */
class Float32DemoIT {
    private static final double TIE = 1e-3;
    private static final double SOLO_TIE = 1e-4;
    private static RunningGraft graft;

    @BeforeAll
    static void start(@TempDir Path data) throws IOException {
        graft = RunningGraft.up(data.resolve("data"), Map.of("GRAFT_PRECISION", "float32"));
    }

    @AfterAll
    static void stop() {
        if (graft != null) assertEquals(0, graft.stop(), "exit code after a drain");
    }

    @Test
    void theDemoAdaptersGiveTheGreedyTokensOfPeft() {
        List<Callable<String>> cases = new ArrayList<>();
        for (JsonNode golden : Demo.golden("adapters-golden.json").get("cases")) {
            int[] wanted = Demo.ids(golden.get("greedy"));
            String adapter = golden.get("adapter").asText();
            cases.add(() -> {
                JsonNode answer = Demo.greedy(graft, adapter, golden.get("messages"), wanted.length);
                String difference = Demo.difference(wanted, answer, TIE);
                return difference.isEmpty() ? "" : adapter + ": " + difference;
            });
        }
        List<String> differences = Demo.together(4, cases).stream().filter(text -> !text.isEmpty()).toList();
        System.out.println("demo adapters: " + cases.size() + " cases, differences " + differences);
        assertEquals(List.of(), differences);
    }

    @Test
    void theBaseModelGivesTheGreedyTokensOfTransformers() {
        for (JsonNode golden : Demo.golden("smollm2-golden.json").get("cases")) {
            int[] wanted = Demo.ids(golden.get("greedy_32"));
            JsonNode answer = Demo.greedy(graft, "SmolLM2-135M-Instruct", golden.get("messages"), wanted.length);
            assertEquals("", Demo.difference(wanted, answer, TIE));
            assertEquals(golden.get("input_ids").size(), answer.at("/usage/prompt_tokens").asInt());
        }
    }

    @Test
    void requestsInFlightTogetherWithTwoAdaptersAndNoneEqualTheirSoloAnswers() {
        List<Callable<JsonNode>> tasks = new ArrayList<>();
        for (JsonNode row : Demo.lines("triage-eval.jsonl").subList(0, 8)) {
            for (String model : List.of("triage", "house-voice", "SmolLM2-135M-Instruct")) {
                tasks.add(() -> Demo.greedy(graft, model, row.get("messages"), 24));
            }
        }
        List<JsonNode> solo = Demo.together(1, tasks);
        List<JsonNode> mixed = Demo.together(tasks.size(), tasks);
        int equal = 0;
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < solo.size(); i++) {
            assertEquals(solo.get(i).get("model"), mixed.get(i).get("model"));
            assertEquals(solo.get(i).at("/graft/adapter_digest"), mixed.get(i).at("/graft/adapter_digest"));
            if (java.util.Arrays.equals(Demo.tokenIds(solo.get(i)), Demo.tokenIds(mixed.get(i)))) equal++;
            String difference = Demo.difference(Demo.tokenIds(mixed.get(i)), solo.get(i), SOLO_TIE);
            if (!difference.isEmpty()) differences.add(difference);
        }
        System.out.println("mixed batch: " + equal + " of " + solo.size() + " equal their solo answers; beyond ties "
                + differences);
        assertEquals(List.of(), differences);
        assertTrue(equal >= solo.size() - 1, equal + " equal");
    }
}
