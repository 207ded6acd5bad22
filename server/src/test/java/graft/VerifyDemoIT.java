package graft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import graft.weights.DemoModel;
import graft.weights.TestModels;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The demo model from its GGUF, against transformers in float32. */
class VerifyDemoIT {
    @Test
    void theDemoModelsGoldensAndTokeniserCasesHoldInFloat32() {
        var out = new ByteArrayOutputStream();
        int code = Verify.run(new String[] {"--base", DemoModel.gguf().toString(), "--golden",
            TestModels.folder("demo/smollm2-golden.json").toString()}, new PrintStream(out, true, StandardCharsets.UTF_8), System.err);
        assertEquals(0, code, () -> out.toString(StandardCharsets.UTF_8));
        assertEquals(8 + 12, out.toString(StandardCharsets.UTF_8).lines().count());
    }
}
