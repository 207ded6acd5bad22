package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import graft.weights.DemoModel;
import graft.weights.TestModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo model from its GGUF, against transformers in float32. */
class VerifyDemoIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    @Test
    void theDemoModelsGoldensAndTokeniserCasesHoldInFloat32() {
        var out = new ByteArrayOutputStream();
        int code = Verify.run(new String[] {"--base", DemoModel.gguf().toString(), "--golden",
            TestModels.folder("demo/smollm2-golden.json").toString()}, new PrintStream(out, true, StandardCharsets.UTF_8), System.err);
        assertEquals(0, code, () -> out.toString(StandardCharsets.UTF_8));
        assertEquals(8 + 12, out.toString(StandardCharsets.UTF_8).lines().count());
    }

    /** Its own blocks of four and eight bits stay what they are, so only activations are rounded, as in bf16. */
    @Test
    void int8LeavesTheDemoModelsFirstTokensNearFloat32() throws IOException {
        ObjectNode golden = (ObjectNode) JSON.readTree(TestModels.folder("demo/smollm2-golden.json").toFile());
        golden.remove("tokenizer");
        for (JsonNode one : golden.get("cases")) one.propertyStream().map(Map.Entry::getKey).filter(key -> key.startsWith("greedy"))
                .toList().forEach(((ObjectNode) one)::remove);
        Path file = Files.writeString(folder.resolve("golden.json"), golden.toString());
        var out = new ByteArrayOutputStream();
        int code = Verify.run(new String[] {"--base", DemoModel.gguf().toString(), "--golden", file.toString(), "--precision",
            "int8", "--tolerance", "0.4"}, new PrintStream(out, true, StandardCharsets.UTF_8), System.err);
        System.out.println(out.toString(StandardCharsets.UTF_8));
        assertEquals(0, code, () -> out.toString(StandardCharsets.UTF_8));
    }
}
