package graft.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.weights.TensorFile.ElementType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufTest {
    private static final int HEADER_LIMIT = 1 << 20;

    @TempDir
    Path folder;

    @Test
    void aLlamaReadsUnderHuggingFaceNamesWithItsRowsInOrder() throws IOException {
        try (ModelFiles model = open(GgufWriter.tinyLlama())) {
            ModelConfig config = model.config();
            assertEquals("tiny", model.name());
            assertEquals(List.of(8, 1, 16, 3, 64),
                    List.of(config.hiddenSize(), config.layers(), config.intermediateSize(),
                    config.vocabularySize(), config.maxPositions()));
            assertEquals(new ModelConfig.Attention(2, 1, 4, false, false, false), config.attention());
            assertTrue(config.tiedEmbeddings());
            assertEquals(1e-5f, (float) config.normEpsilon());
            assertEquals(Set.copyOf(AdapterTarget.of(config).parameters().keySet()),
                    union(model.tensors().names(), "lm_head.weight"), "every parameter of a tied Llama is there");
            // Stored rows 0..7 are those of two heads with neighbours as rotary pairs: 0 2 1 3 | 4 6 5 7 of the
            // original.
            assertArrayEquals(rows(8, 0, 2, 1, 3, 4, 6, 5, 7),
                    model.tensors().floats("model.layers.0.self_attn.q_proj.weight"));
            assertArrayEquals(rows(8, 0, 2, 1, 3), model.tensors().floats("model.layers.0.self_attn.k_proj.weight"));
            assertArrayEquals(rows(8, 0, 1, 2, 3), model.tensors().floats("model.layers.0.self_attn.v_proj.weight"));
        }
    }

    @Test
    void onlyTheLlamaArchitectureIsPermuted() throws IOException {
        byte[] qwen = new String(GgufWriter.tinyLlama().bytes(), java.nio.charset.StandardCharsets.ISO_8859_1)
                .replace("llama", "qwen2").getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        try (ModelFiles model = open(qwen)) {
            assertArrayEquals(rows(8, 0, 1, 2, 3, 4, 5, 6, 7),
                    model.tensors().floats("model.layers.0.self_attn.q_proj.weight"));
        }
    }

    @Test
    void blocksDecodeToTheValuesOfGgml() throws IOException {
        // Random blocks and what the gguf package (0.19.0, numpy) makes of them; see the resource's origin in
        // README.md.
        try (var in = GgufTest.class.getResourceAsStream("/gguf/blocks.txt")) {
            List<String> lines = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII).lines()
                    .toList();
            assertEquals(8, lines.size());
            for (String line : lines) {
                String[] words = line.split(" ");
                byte[] blocks = HexFormat.of().parseHex(words[1]);
                float[] wanted = new float[words[2].length() / 8];
                ByteBuffer.wrap(HexFormat.of().parseHex(words[2])).order(ByteOrder.BIG_ENDIAN).asFloatBuffer()
                        .get(wanted);
                assertArrayEquals(wanted,
                        Elements.floats(ElementType.valueOf(words[0]), MemorySegment.ofArray(blocks), wanted.length),
                        words[0]);
            }
        }
    }

    @Test
    void llama31sRotaryDivisorsBecomeItsScaling() throws IOException {
        try (ModelFiles model = open(GgufWriter.tinyLlama().floats("rope_freqs.weight", new float[] {1, 8}, 2))) {
            RopeTable table = model.config().rope().table(64);
            assertEquals(1f, table.inverseFrequencies()[0]);
            assertEquals(0.01f / 8, table.inverseFrequencies()[1], 1e-9f);
        }
    }

    @Test
    void whatIsNotKnownIsRefusedByName() throws IOException {
        assertRefused(GgufWriter.tinyLlama().put("general.architecture", "mamba"),
                "general.architecture=mamba is not supported");
        assertRefused(GgufWriter.tinyLlama().put("llama.expert_count", 8), "llama.expert_count=8 is not supported");
        assertRefused(GgufWriter.tinyLlama().put("llama.attention.sliding_window", 16),
                "llama.attention.sliding_window=16 is in use");
        assertRefused(GgufWriter.tinyLlama().put("llama.rope.scaling.type", "longrope"),
                "llama.rope.scaling.type=longrope");
        assertRefused(GgufWriter.tinyLlama().put("llama.attention.head_count", 0), "llama.attention.head_count=0");
        assertRefused(GgufWriter.tinyLlama().put("llama.attention.head_count", 3),
                "rows [8, 8] that are not those of 3 heads");
        assertRefused(GgufWriter.tinyLlama().floats("blk.0.ssm_in.weight", new float[8], 8),
                "blk.0.ssm_in.weight is a tensor that is not known");
        assertRefused(GgufWriter.tinyLlama().tensor("output_norm.weight", 10, new byte[84], 256),
                "stored as Q2_K, which is not supported");
        assertRefused(GgufWriter.tinyLlama().tensor("output_norm.weight", 8, new byte[34], 20),
                "does not fill Q8_0's blocks of 32");
        assertRefused(GgufWriter.tinyLlama().tensor("output_norm.weight", 99, new byte[34], 20),
                "unknown element type 99");
        assertRefused(GgufWriter.tinyLlama().tensor("output_norm.weight", 0, new byte[32], 1L << 40, 1L << 40),
                "more elements than there can be");
        assertRefused(GgufWriter.tinyLlama().tensor("output.weight", 0, new byte[32], 3, 800), "it is cut off");
        assertRefused(GgufWriter.tinyLlama().put("general.alignment", 33), "general.alignment=33");
    }

    @Test
    void vocabulariesThatAreNotKnownExactlyAreRefusedByName() throws IOException {
        GgufWriter writer = GgufWriter.tinyLlama().put("tokenizer.ggml.model", "gpt2")
                .put("tokenizer.ggml.pre", "klingon")
                .put("tokenizer.ggml.tokens", List.of("a", "b", "ab")).put("tokenizer.ggml.merges", List.of("a b"));
        try (ModelFiles model = open(writer)) {
            var refusal = assertThrows(InvalidModelException.class, model::tokenizerJson);
            assertTrue(refusal.getMessage().contains("tokenizer.ggml.pre=klingon"), refusal.getMessage());
        }
        try (ModelFiles model = open(writer.put("tokenizer.ggml.model", "rwkv"))) {
            assertThrows(InvalidModelException.class, model::tokenizerJson);
        }
        try (ModelFiles model = open(GgufWriter.tinyLlama())) {
            assertTrue(model.tokenizerJson().isEmpty());
        }
    }

    private void assertRefused(GgufWriter writer, String reason) throws IOException {
        Path file = Files.write(folder.resolve("tiny.gguf"), writer.bytes());
        var refusal = assertThrows(InvalidModelException.class, () -> ModelFiles.open(file, HEADER_LIMIT), reason);
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    private ModelFiles open(GgufWriter writer) throws IOException {
        return open(writer.bytes());
    }

    private ModelFiles open(byte[] bytes) throws IOException {
        return ModelFiles.open(Files.write(folder.resolve("tiny.gguf"), bytes), HEADER_LIMIT);
    }

    private static Set<String> union(Set<String> names, String more) {
        Set<String> all = new java.util.HashSet<>(names);
        all.add(more);
        return all;
    }

    /** The given rows of a matrix that counts 0, 1, 2, ... */
    private static float[] rows(int width, int... rows) {
        float[] values = new float[rows.length * width];
        for (int i = 0; i < values.length; i++) values[i] = rows[i / width] * width + i % width;
        return values;
    }
}
