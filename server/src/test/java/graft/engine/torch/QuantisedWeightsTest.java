package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.weights.GgufWriter;
import graft.weights.ModelFiles;
import graft.weights.TestModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the codes and scales in libtorch's memory stand for, value by value. */
class QuantisedWeightsTest {
    private static final int Q8_0 = 8;
    private static final int Q4_0 = 2;
    private static final int Q4_1 = 3;

    @TempDir
    Path folder;

    /** Normal values in rows of 64: 127 steps up to 2.6 deviations are 0.6 % off, 15 over 4.2 deviations 8 %. */
    @ParameterizedTest
    @CsvSource({"tiny-llama3, INT8, 0.009", "tiny-llama3, INT4, 0.09", "tiny-qwen3, INT8, 0.009", "tiny-qwen3, INT4, 0.09",
            "tiny-deepseek-v3, INT8, 0.009", "tiny-deepseek-v3, INT4, 0.09"})
    void everyMatrixIsNearWhatItWas(String model, Precision precision, double bound) {
        try (ModelFiles files = ModelFiles.open(TestModels.folder("models/" + model), ModelFiles.DEFAULT_HEADER_LIMIT)) {
            Architecture architecture = Architecture.of(files.config(), precision, 16);
            try (TorchModule module = ModelLoader.loadWeights(files, architecture, precision, "cpu")) {
                int quantised = 0;
                for (int i = 0; i < architecture.weights().size(); i++) {
                    Architecture.Weight weight = architecture.weights().get(i);
                    if (WeightForm.of(weight.kind(), precision, weight.names().stream().map(files.tensors()::info).toList())
                            == WeightForm.PLAIN) continue;
                    quantised++;
                    float[] was = concatenated(files, weight.names());
                    double off = relative(was, kept(module, i, rows(files, weight.names())));
                    assertTrue(off > 0 && off < bound, weight.names() + " is off by " + off);
                }
                assertTrue(quantised > 10, "quantised " + quantised);
            }
        }
    }

    @Test
    void aFilesOwnBlocksKeepTheirBitsInInt8AndInt4() throws IOException {
        Path file = Files.write(folder.resolve("blocks.gguf"), blocks().bytes());
        for (Precision precision : List.of(Precision.INT8, Precision.INT4)) {
            try (ModelFiles files = ModelFiles.open(file, ModelFiles.DEFAULT_HEADER_LIMIT)) {
                Architecture architecture = Architecture.of(files.config(), precision, 16);
                try (TorchModule module = ModelLoader.loadWeights(files, architecture, precision, "cpu")) {
                    for (int i : List.of(0, 2, 4, 7)) { // embedding, q|k|v, o, gate|up
                        List<String> names = architecture.weights().get(i).names();
                        assertArrayEquals(concatenated(files, names), kept(module, i, rows(files, names)), precision + " " + names);
                    }
                }
            }
        }
    }

    @Test
    void fewerBitsTakeFewerBytes() {
        List<Long> bytes = new ArrayList<>();
        try (ModelFiles files = ModelFiles.open(TestModels.folder("models/tiny-llama3"), ModelFiles.DEFAULT_HEADER_LIMIT)) {
            for (Precision precision : List.of(Precision.FLOAT32, Precision.BF16, Precision.INT8, Precision.INT4)) {
                Architecture architecture = Architecture.of(files.config(), precision, 16);
                var attributes = new java.util.HashMap<>(architecture.attributes());
                attributes.put("few_rows", 16);
                attributes.put("values_at_once", 1 << 19);
                try (var module = new TorchModule(ScriptArchive.write(architecture.script(), attributes, false), "cpu")) {
                    var loader = new WeightLoader(module, architecture, files.tensors(), precision);
                    loader.load();
                    bytes.add(loader.bytes());
                }
            }
        }
        assertTrue(bytes.get(1) < 0.51 * bytes.get(0) && bytes.get(2) < 0.53 * bytes.get(1) && bytes.get(3) < 0.78 * bytes.get(2),
                bytes.toString());
    }

    /** One layer, 64 wide: Q8_0 embedding, Q4_1 q, k and o, Q4_0 v, gate and up. */
    private static GgufWriter blocks() {
        var random = new Random(7);
        return GgufWriter.tinyLlama().put("llama.embedding_length", 64).put("llama.feed_forward_length", 96)
                .put("llama.attention.head_count", 4).put("llama.attention.head_count_kv", 2)
                .tensor("token_embd.weight", Q8_0, random(random, 3 * 2, 34), 3, 64)
                .floats("output_norm.weight", new float[64], 64).floats("blk.0.attn_norm.weight", new float[64], 64)
                .floats("blk.0.ffn_norm.weight", new float[64], 64)
                .tensor("blk.0.attn_q.weight", Q4_1, random(random, 64 * 2, 20), 64, 64)
                .tensor("blk.0.attn_k.weight", Q4_1, random(random, 32 * 2, 20), 32, 64)
                .tensor("blk.0.attn_v.weight", Q4_0, random(random, 32 * 2, 18), 32, 64)
                .tensor("blk.0.attn_output.weight", Q4_1, random(random, 64 * 2, 20), 64, 64)
                .tensor("blk.0.ffn_gate.weight", Q4_0, random(random, 96 * 2, 18), 96, 64)
                .tensor("blk.0.ffn_up.weight", Q4_0, random(random, 96 * 2, 18), 96, 64)
                .floats("blk.0.ffn_down.weight", new float[64 * 96], 64, 96);
    }

    /** Blocks of random bits behind float16 scales (and minima) of ordinary size. */
    private static byte[] random(Random random, int blocks, int size) {
        ByteBuffer bytes = ByteBuffer.allocate(blocks * size).order(ByteOrder.LITTLE_ENDIAN);
        for (int block = 0; block < blocks; block++) {
            byte[] bits = new byte[size];
            random.nextBytes(bits);
            bytes.put(bits).putShort(block * size, Float.floatToFloat16((float) random.nextGaussian() / 50));
            if (size == 20) bytes.putShort(block * size + 2, Float.floatToFloat16((float) random.nextGaussian() / 10));
        }
        return bytes.array();
    }

    private static long rows(ModelFiles files, List<String> names) {
        return names.stream().mapToLong(name -> files.tensors().info(name).shape().getFirst()).sum();
    }

    private static float[] kept(TorchModule module, int index, long rows) {
        try (TorchModule.Scope scope = module.scope()) {
            return scope.toFloats(scope.call("values", scope.number(index), scope.number(0), scope.number(rows)));
        }
    }

    private static float[] concatenated(ModelFiles files, List<String> names) {
        List<float[]> parts = names.stream().map(files.tensors()::floats).toList();
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        for (int i = 0; i < all.length; i++) all[i] += 0f; // a code of 0 under a negative scale is -0
        return all;
    }

    private static double relative(float[] was, float[] is) {
        assertEquals(was.length, is.length);
        double wrong = 0;
        double all = 0;
        for (int i = 0; i < was.length; i++) {
            wrong += Math.pow(was[i] - is[i], 2);
            all += Math.pow(was[i], 2);
        }
        return Math.sqrt(wrong / all);
    }
}
