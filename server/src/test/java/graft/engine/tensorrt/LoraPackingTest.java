package graft.engine.tensorrt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import graft.weights.AdapterTarget;
import graft.weights.ModelFiles;
import graft.weights.PeftAdapter;
import graft.weights.PeftAdapter.LoraModule;
import graft.weights.Values;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The goldens of facts/tensorrt-llm.md, every adapter of ../shared, and refusals by name. */
class LoraPackingTest {
    private static final Set<String> ALL = Set.of("attn_q", "attn_k", "attn_v", "attn_dense", "mlp_h_to_4h",
            "mlp_4h_to_h", "mlp_gate");

    private static EngineFolder engine(String type, int maxRank, Set<String> modules) {
        return new EngineFolder(type, 1, 4, 2, 2, 10, 100, 100, maxRank, modules);
    }

    private static LoraModule module(String kind, int in, float[] a, int out, float[] b) {
        int rank = a.length / in;
        return new LoraModule("model.layers.0.self_attn." + kind, 0, kind, rank, in, out, Values.of(a),
                Values.of(b), 4.0 / rank, Optional.empty(), Optional.empty());
    }

    private static PeftAdapter adapter(LoraModule... modules) {
        return new PeftAdapter(List.of(modules), Optional.empty(), List.of(), Optional.empty(), List.of(), List.of(),
                2, Set.of(), 0);
    }

    private static PackedAdapter pack(EngineFolder engine, LoraPacking.Part... parts) {
        return new LoraPacking(engine, path -> {
            throw new AssertionError("no base weight is needed");
        }).pack(List.of(parts));
    }

    private static final LoraModule Q = module("q_proj", 3, new float[] {1, 2, 3, 4, 5, 6}, 4,
            new float[] {.5f, 1, 1.5f, 2, 2.5f, 3, 3.5f, 4});
    private static final LoraModule V = module("v_proj", 3, new float[] {1, 1, 1, 2, 2, 2}, 1, new float[] {1, 0});

    private static float[] floats(PackedAdapter packed) {
        float[] values = new float[packed.rows() * packed.width()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (packed.type()) {
                case PackedAdapter.FLOAT16 -> Float.float16ToFloat(packed.weights().getShort(2 * i));
                case PackedAdapter.BFLOAT16 -> Float.intBitsToFloat(packed.weights().getShort(2 * i) << 16);
                default -> packed.weights().getFloat(4 * i);
            };
        }
        return values;
    }

    private static int[] config(PackedAdapter packed) {
        int[] values = new int[packed.rows() * 4];
        packed.config().asIntBuffer().get(values);
        return values;
    }

    @Test
    void oneModuleIsAThenScaledB() {
        for (String type : List.of("float32", "float16", "bfloat16")) {
            PackedAdapter packed = pack(engine(type, 8, ALL), new LoraPacking.Part(adapter(Q), 1));
            assertArrayEquals(new int[] {1, 0, 2, 0}, config(packed));
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8}, floats(packed), type);
        }
    }

    @Test
    void aShorterRowEndsInZeros() {
        PackedAdapter packed = pack(engine("float32", 8, ALL), new LoraPacking.Part(adapter(V, Q), 1));
        assertEquals(2, packed.rows());
        assertEquals(14, packed.width());
        assertArrayEquals(new int[] {1, 0, 2, 0, 3, 0, 2, 0}, config(packed));
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8,
            1, 1, 1, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0}, floats(packed));
    }

    @Test
    void aCompositionPutsRanksBehindEachOtherWithTheirScales() {
        PackedAdapter packed = pack(engine("float32", 8, ALL), new LoraPacking.Part(adapter(V), 1),
                new LoraPacking.Part(adapter(V), 0.5));
        assertArrayEquals(new int[] {3, 0, 4, 0}, config(packed));
        assertArrayEquals(new float[] {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 0, 1, 0}, floats(packed));
    }

    @Test
    void doraCarriesItsMagnitudeOverTheNormOfEachRow() {
        LoraModule dora = new LoraModule(V.path(), 0, "v_proj", 1, 2, 1, Values.of(new float[] {1, 0}),
                Values.of(new float[] {2}), 1, Optional.of(new float[] {10}), Optional.empty());
        PackedAdapter packed = new LoraPacking(engine("float32", 8, ALL), path -> new float[] {1, 4})
                .pack(List.of(new LoraPacking.Part(adapter(dora), 1)));
        assertArrayEquals(new int[] {3, 0, 1, 1}, config(packed));
        assertArrayEquals(new float[] {1, 0, 2, 2}, floats(packed)); // |(1, 4) + 2 (1, 0)| = 5
    }

    @Test
    void refusalsNameWhatDoesNotFit() {
        refused("rank 2 exceeds the engine's 1", engine("float32", 1, ALL), Q);
        refused("built without attn_q", engine("float32", 8, Set.of("attn_v")), Q);
        LoraModule o = module("o_proj", 6, new float[12], 4, new float[8]);
        refused("o_proj: TensorRT-LLM declares it 4 x 4", new EngineFolder("float32", 1, 4, 3, 2, 10, 100, 100, 8, ALL), o);
        refused("self_attn.router", engine("float32", 8, ALL), module("router", 3, new float[6], 4, new float[8]));
        LoraModule big = module("q_proj", 3, new float[] {1e6f, 0, 0, 0, 0, 0}, 4, new float[8]);
        refused("float16", engine("float16", 8, ALL), big);
        LoraModule biased = new LoraModule(V.path(), 0, "v_proj", 1, 2, 1, Values.of(new float[2]),
                Values.of(new float[1]), 1, Optional.empty(), Optional.of(new float[] {1}));
        refused("lora_bias", engine("float32", 8, ALL), biased);
    }

    private static void refused(String why, EngineFolder engine, LoraModule module) {
        String message = assertThrows(UnsupportedEngineException.class,
                () -> pack(engine, new LoraPacking.Part(adapter(module), 1))).getMessage();
        assertTrue(message.contains(why), message);
    }

    private static final Pattern BASE = Pattern.compile("\"base_model_name_or_path\": \"(?:.*/)?([^/\"]+)\"");

    /** What each adapter of ../shared comes to; an empty text is packed. */
    private static final Map<String, String> EXPECTED = Map.ofEntries(
            Map.entry("l3-r4-qv", ""), Map.entry("l3-r16-all", ""), Map.entry("l3-rslora-r8", ""),
            Map.entry("l3-patterns", ""), Map.entry("l3-layer-subset", ""), Map.entry("l3-dora-r8", ""),
            Map.entry("q2-r8-all", ""), Map.entry("q3-r8-all", "o_proj"), Map.entry("l3-embed-head", "embed"),
            Map.entry("l3-lora-bias", "lora_bias"), Map.entry("l3-modules-to-save", "replaced parameters"),
            Map.entry("dsv3-r8-attn", "can't be served"));

    @Test
    void everyAdapterOfSharedIsPackedOrRefusedByName() throws IOException {
        Path shared = EchoEngines.SHARED.resolve("adapters");
        assumeTrue(Files.isDirectory(shared));
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> folders = Files.list(shared)) {
            for (Path folder : new ArrayList<>(folders.filter(Files::isDirectory).toList())) {
                found.put(folder.getFileName().toString(), outcome(folder));
            }
        }
        System.out.println("packed or refused: " + found);
        found.forEach((name, outcome) -> {
            String expected = EXPECTED.getOrDefault(name, "");
            assertTrue(expected.isEmpty() ? outcome.isEmpty() : outcome.contains(expected), name + ": " + outcome);
        });
    }

    private static String outcome(Path folder) throws IOException {
        Matcher base = BASE.matcher(Files.readString(folder.resolve("adapter_config.json")));
        assertTrue(base.find(), folder.toString());
        try (ModelFiles model = ModelFiles.open(EchoEngines.SHARED.resolve("models").resolve(base.group(1)),
                ModelFiles.DEFAULT_HEADER_LIMIT)) {
            var attention = model.config().attention();
            var engine = new EngineFolder("bfloat16", model.config().layers(), model.config().hiddenSize(),
                    attention.heads(), attention.headDim(), model.config().vocabularySize(), 512, 512, 64, ALL);
            PeftAdapter read = PeftAdapter.read(folder, AdapterTarget.of(model.config()), PeftAdapter.Limits.DEFAULT);
            PackedAdapter packed = new LoraPacking(engine, path -> model.tensors().floats(path + ".weight"))
                    .pack(List.of(new LoraPacking.Part(read, 1)));
            assertEquals(read.modules().size(), packed.rows());
            return "";
        } catch (UnsupportedEngineException refused) {
            return refused.getMessage();
        }
    }
}
