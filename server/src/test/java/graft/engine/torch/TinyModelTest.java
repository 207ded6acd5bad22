package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import graft.scheduling.Batch;
import graft.scheduling.Chosen;
import graft.scheduling.Limits;
import graft.scheduling.Scheduler;
import graft.scheduling.Sequence;
import graft.scheduling.Slice;
import graft.scheduling.StepResult;
import graft.weights.ModelFiles;
import graft.weights.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts against transformers' figures, alone and in one batch, whole and in slices. */
class TinyModelTest {
    private static final int BLOCK_TOKENS = 4;
    private static final int BLOCKS = 512;
    private static final double TOLERANCE = 1e-3;

    @BeforeAll
    static void oneThread() {
        TorchModule.useThreads(1); // tiny matrices only wait for each other on more
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiny-llama3", "tiny-qwen2", "tiny-qwen3", "tiny-deepseek-v2-lite", "tiny-deepseek-v3"})
    void everyGoldenCaseHoldsInOneBatchWithTheOthersAndInSlicesOfSeven(String model) throws IOException {
        check(model, false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiny-llama3", "tiny-qwen2", "tiny-qwen3"})
    void ourOwnOperatorsHoldEveryGoldenCaseToo(String model) throws IOException {
        assumeTrue(Operators.available(), "no compiler built the operators");
        check(model, true);
    }

    private static void check(String model, boolean operators) throws IOException {
        Path folder = TestModels.folder("models/" + model);
        JsonNode cases = new ObjectMapper().readTree(folder.resolve("golden.json").toFile()).get("cases");
        try (ModelFiles files = ModelFiles.open(folder, ModelFiles.DEFAULT_HEADER_LIMIT)) {
            Architecture architecture = Architecture.of(files.config(), Precision.FLOAT32, BLOCK_TOKENS);
            if (operators) architecture = architecture.withOperators();
            try (TorchModule module = ModelLoader.load(files, architecture, Precision.FLOAT32, "cpu",
                    files.config().maxPositions(), (long) BLOCKS * BLOCK_TOKENS)) {
                var step = new DecodeStep(module, BLOCK_TOKENS);
                var bank = new AdapterBank(module, TorchSettings.DEFAULT, adapter -> null, arrival -> { });
                check(step, bank, cases, 1, 512);
                check(step, bank, cases, 8, 512);
                check(step, bank, cases, 1, 7);
                check(step, bank, cases, 8, 7);
            }
        }
    }

    private static void check(DecodeStep step, AdapterBank bank, JsonNode cases, int together, int slice) {
        var scheduler = new Scheduler(new Limits(slice, together, 64, 8, BLOCKS, BLOCK_TOKENS));
        Map<Long, Integer> seen = new HashMap<>();
        for (int i = 0; i < cases.size(); i++) {
            int[] prompt = new ObjectMapper().convertValue(cases.get(i).get("input_ids"), int[].class);
            // A salt of its own each time, so that nothing is found cached.
            String salt = together + " " + slice + " " + i;
            scheduler.add(new Sequence(i, "t", salt, List.of(), prompt, 12, Set.of()));
        }
        while (scheduler.hasWork()) {
            Batch batch = scheduler.plan();
            StepOutput out = step.run(batch, bank, sampling -> true);
            List<Chosen> chosen = new ArrayList<>();
            for (Slice each : batch.slices()) {
                if (!each.samples()) continue;
                StepOutput.Chances chances = out.chances()[chosen.size()];
                float[] row = chances.logits();
                JsonNode golden = cases.get((int) each.sequence().id());
                if (each.sequence().generated() == 0) compare(golden, row, chances.logsumexp());
                int token = argmax(row);
                assertEquals(token, chances.likeliest());
                assertEquals(row[token], chances.largest());
                assertEquals(golden.get("greedy_12").get(each.sequence().generated()).asInt(), token);
                seen.merge(each.sequence().id(), 1, Integer::sum);
                chosen.add(new Chosen(each.sequence().id(), token));
            }
            scheduler.apply(batch, new StepResult(chosen));
            scheduler.checkIntegrity();
        }
        assertEquals(cases.size() * 12, seen.values().stream().mapToInt(Integer::intValue).sum());
    }

    private static void compare(JsonNode golden, float[] logits, float logsumexp) {
        for (int i = 0; i < golden.get("top10_ids").size(); i++) {
            double difference = logits[golden.get("top10_ids").get(i).asInt()] - golden.get("top10_logits").get(i).asDouble();
            assertTrue(Math.abs(difference) < TOLERANCE, "logit differs by " + difference);
        }
        assertEquals(golden.get("logsumexp").asDouble(), logsumexp, TOLERANCE);
    }

    private static int argmax(float[] row) {
        int best = 0;
        for (int i = 1; i < row.length; i++) if (row[i] > row[best]) best = i;
        return best;
    }
}
