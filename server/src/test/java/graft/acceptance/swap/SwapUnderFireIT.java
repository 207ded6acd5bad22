package graft.acceptance.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.acceptance.RunningGraft;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Aliases move and versions come and go under sixteen streams: every answer equals the solo answer of exactly the
 * version that it names. Memory for adapters and KV is so small that both are evicted all the time.
 */
class SwapUnderFireIT {
    private static final Map<String, String> SETTINGS = Map.of("GRAFT_PRECISION", "float32", "GRAFT_THREADS", "1",
            "GRAFT_ENGINE_ADAPTER_BYTES", "400000", "GRAFT_ENGINE_ADAPTER_HOST_BYTES", "200000",
            "GRAFT_ENGINE_KV_BYTES", "400000", "GRAFT_ENGINE_TOKENS_PER_BLOCK", "8",
            "GRAFT_ENGINE_MAX_ADAPTERS_PER_STEP", "5");

    @Test
    void everyAnswerIsThatOfTheVersionItNames(@TempDir Path folder) throws Exception {
        underFire(folder, 8);
    }

    @Test
    @Tag("long")
    void everyAnswerIsThatOfTheVersionItNamesForTwoMinutes(@TempDir Path folder) throws Exception {
        underFire(folder, 120);
    }

    private static void underFire(Path folder, int seconds) throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed=" + seed);
        try (RunningGraft graft = RunningGraft.up(folder.resolve("data"), SETTINGS, "--no-demo", "--base",
                PeftVersion.base("tiny-llama3").toString())) {
            SwapFire fire = new SwapFire(new SwapClient(graft), seed, seconds);
            fire.run();
            assertEquals(List.of(), List.copyOf(fire.failures));
            assertTrue(fire.answers.size() > seconds * 8, fire.answers.size() + " answers");
            try (SoloAnswers solo = new SoloAnswers("tiny-llama3", folder.resolve("solo"))) {
                assertEquals(List.of(), fire.differences(solo));
            }
        }
    }
}
