package graft;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import graft.weights.TestModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How far int8 and int4 move the logits of transformers in float32; server/README.md states these figures. */
class QuantisedLogitsTest {

    /**
     * These models are of 64 random columns and average nothing out, so they are the worst case. Rounding moves a token
     * of tiny-deepseek-v3 to another expert, which bf16 does to it too.
     */
    @ParameterizedTest
    @CsvSource({"tiny-llama3, int8, 0.2", "tiny-qwen2, int8, 0.2", "tiny-qwen3, int8, 0.2", "tiny-deepseek-v2-lite, int8, 0.2",
            "tiny-deepseek-v3, int8, 1.2", "tiny-llama3, int4, 1.3", "tiny-qwen2, int4, 2.2", "tiny-qwen3, int4, 1.3",
            "tiny-deepseek-v2-lite, int4, 1.4", "tiny-deepseek-v3, int4, 3.5"})
    void logitsStayWithinTheStatedDistanceOfFloat32(String model, String precision, double distance) throws IOException {
        Path folder = TestModels.folder("models/" + model);
        double worst = worst("--base", folder, "--golden", folder.resolve("golden.json"), "--precision", precision);
        System.out.println(model + " " + precision + " worst logit difference " + worst);
        assertTrue(worst < distance, "worst " + worst);
    }

    @ParameterizedTest
    @ValueSource(strings = {"l3-r16-all", "l3-dora-r8", "l3-embed-head", "l3-modules-to-save"})
    void adaptersStayExactOnAQuantisedBase(String name) throws IOException {
        Path adapter = TestModels.folder("adapters/" + name);
        double worst = worst("--base", TestModels.folder("models/tiny-llama3"), "--adapter", adapter, "--golden",
                adapter.resolve("golden.json"), "--precision", "int8");
        System.out.println(name + " int8 worst logit difference " + worst);
        assertTrue(worst < 0.3, "worst " + worst);
    }

    private static double worst(Object... arguments) throws IOException {
        var out = new ByteArrayOutputStream();
        Verify.run(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new),
                new PrintStream(out, true, StandardCharsets.UTF_8), System.err);
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertTrue(lines.size() > 1, lines.toString());
        double worst = 0;
        for (String line : lines) worst = Math.max(worst, new ObjectMapper().readTree(line).get("max_logit_diff").asDouble());
        return worst;
    }
}
