package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import graft.engine.EngineAdapter;
import graft.engine.EngineRequest;
import graft.engine.GeneratedToken;
import graft.engine.Sampling;
import graft.weights.ModelFiles;
import graft.weights.TestModels;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Our own operators against the plain scripts, and against themselves in other company. */
class OperatorsTest {
    private static final int PROMPTS = 8;

    @BeforeAll
    static void built() {
        assumeTrue(Operators.available(), "no compiler built the operators");
    }

    /** Largest logits of tiny models are about 3: the plain scripts round to bf16 between matrices, ours do not. */
    @ParameterizedTest
    @CsvSource({"tiny-llama3, FLOAT32, 0.0001", "tiny-llama3, BF16, 0.1", "tiny-llama3, INT8, 0.2", "tiny-llama3, INT4, 0.2",
            "tiny-qwen2, BF16, 0.1", "tiny-qwen2, INT8, 0.2", "tiny-qwen3, BF16, 0.1", "tiny-qwen3, INT4, 0.2"})
    void logitsAgreeWithThePlainScript(String model, Precision precision, double bound) {
        List<Map<Integer, Double>> plain = run(model, precision, false, 512, 1);
        List<Map<Integer, Double>> own = run(model, precision, true, 512, 1);
        double worst = 0;
        for (int i = 0; i < PROMPTS; i++) {
            Map<Integer, Double> theirs = plain.get(i);
            for (var each : own.get(i).entrySet())
                if (theirs.containsKey(each.getKey())) worst = Math.max(worst, Math.abs(each.getValue() - theirs.get(each.getKey())));
        }
        System.out.println(model + " " + precision + ": logits with operators differ by at most " + worst);
        assertTrue(worst < bound, model + " " + precision + " differs by " + worst);
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"FLOAT32", "BF16", "INT8", "INT4"})
    void aRowIsTheSameToTheLastBitAloneInABatchAndInSlices(Precision precision) {
        List<Map<Integer, Double>> alone = run("tiny-llama3", precision, true, 512, 1);
        assertEquals(alone, run("tiny-llama3", precision, true, 512, PROMPTS));
        assertEquals(alone, run("tiny-llama3", precision, true, 7, PROMPTS));
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"FLOAT32", "BF16", "INT8", "INT4"})
    void packedMatricesStandForTheSameValues(Precision precision) {
        try (ModelFiles files = ModelFiles.open(TestModels.folder("models/tiny-llama3"), ModelFiles.DEFAULT_HEADER_LIMIT)) {
            Architecture plain = Architecture.of(files.config(), precision, 16);
            try (TorchModule one = ModelLoader.loadWeights(files, plain, precision, "cpu");
                    TorchModule other = ModelLoader.loadWeights(files, plain.withOperators(), precision, "cpu")) {
                for (int i = 0; i < plain.weights().size(); i++) {
                    List<String> names = plain.weights().get(i).names();
                    if (names.isEmpty()) continue;
                    long rows = names.stream().mapToLong(name -> files.tensors().info(name).shape().getFirst()).sum();
                    assertArrayEquals(values(one, i, rows), values(other, i, rows), precision + " " + names);
                }
            }
        }
    }

    private static float[] values(TorchModule module, int index, long rows) {
        try (TorchModule.Scope scope = module.scope()) {
            return scope.toFloats(scope.call("values", scope.number(index), scope.number(0), scope.number(rows)));
        }
    }

    /** Twenty largest logits of each prompt's next token, some prompts with an adapter. */
    private static List<Map<Integer, Double>> run(String model, Precision precision, boolean operators, int slice, int together) {
        var settings = new TorchSettings(precision, "cpu", 2, 8 << 20, 4, slice, PROMPTS, 64, 8, 8 << 20, 0, 2, 512, 10, operators);
        List<Map<Integer, Double>> found = new ArrayList<>();
        try (TorchEngine engine = TorchEngine.open("tiny", TestModels.folder("models/" + model), settings)) {
            List<Collected> sinks = new ArrayList<>();
            for (int i = 0; i < PROMPTS; i++) {
                sinks.add(new Collected());
                engine.submit(request(model, i), sinks.get(i));
                if (together == 1) sinks.get(i).end();
            }
            for (Collected sink : sinks) {
                sink.end();
                GeneratedToken token = sink.tokens.getFirst();
                Map<Integer, Double> logits = new TreeMap<>();
                token.top().forEach(each -> logits.put(each.id(), each.logprob() + (double) token.logsumexp()));
                found.add(logits);
            }
        }
        return found;
    }

    private static EngineRequest request(String model, int which) {
        int[] prompt = new Random(which).ints(1 + 9 * which, 3, 600).toArray();
        List<EngineAdapter> adapters = !model.equals("tiny-llama3") || which % 2 == 0 ? List.of() : List.of(adapter(
                List.of("l3-r16-all", "l3-dora-r8", "l3-r4-qv", "l3-lora-bias").get(which / 2)));
        return new EngineRequest("r", "tenant " + which, prompt, 1, Sampling.GREEDY, adapters, Set.of(), 20, Optional.empty());
    }

    private static EngineAdapter adapter(String name) {
        return new EngineAdapter(name, 1, "sha256:" + name, 1, () -> TestModels.folder("adapters/" + name));
    }
}
