package graft.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.weights.PeftAdapter.EmbeddingLora;
import graft.weights.PeftAdapter.Limits;
import graft.weights.PeftAdapter.LoraModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PEFT adapters, written down as llama.cpp's converter writes them, read as what they were. */
class GgufAdapterTest {
    private static final AdapterTarget BASE =
            AdapterTarget.of(ModelConfig.read(TestModels.folder("models/tiny-llama3")));
    private static final int HEAD = 8;
    private static final String OUTPUT_A = "blk.0.attn_output.weight.lora_a";
    private static final String OUTPUT_B = "blk.0.attn_output.weight.lora_b";

    @TempDir
    Path folder;

    @Test
    void aConvertedAdapterIsTheSameAdapter() throws IOException {
        PeftAdapter original = PeftAdapter.read(TestModels.folder("adapters/l3-r16-all"), BASE, Limits.DEFAULT);
        GgufWriter writer = header();
        original.modules().forEach(module -> add(writer, module));
        PeftAdapter read = read(writer);
        assertEquals(original.modules().size(), read.modules().size());
        assertEquals(original.rank(), read.rank());
        assertEquals(original.targetModules(), read.targetModules());
        for (int i = 0; i < read.modules().size(); i++) {
            LoraModule wanted = original.modules().get(i);
            LoraModule found = read.modules().get(i);
            assertEquals(wanted.path(), found.path());
            assertEquals(wanted.scale(), found.scale());
            assertArrayEquals(wanted.a().floats(), found.a().floats(), wanted.path());
            assertArrayEquals(wanted.b().floats(), found.b().floats(), wanted.path());
        }
    }

    @Test
    void anEmbeddingsAIsStoredByToken() throws IOException {
        PeftAdapter original = PeftAdapter.read(TestModels.folder("adapters/l3-embed-head"), BASE, Limits.DEFAULT);
        EmbeddingLora wanted = original.embedding().orElseThrow();
        float[] byToken = new float[wanted.a().length];
        for (int i = 0; i < byToken.length; i++) {
            byToken[i % wanted.vocabulary() * wanted.rank() + i / wanted.vocabulary()] = wanted.a()[i];
        }
        PeftAdapter read = read(header()
                .floats("token_embd.weight.lora_a", byToken, wanted.vocabulary(), wanted.rank())
                .floats("token_embd.weight.lora_b", wanted.b(), wanted.hidden(), wanted.rank()));
        assertArrayEquals(wanted.a(), read.embedding().orElseThrow().a());
        assertEquals(16.0 / 4, read.embedding().orElseThrow().scale());
    }

    @Test
    void whatIsNotALoraOfThisBaseIsRefusedByName() throws IOException {
        float[] a = new float[4 * 64];
        float[] b = new float[64 * 4];
        assertRefused(GgufWriter.tinyLlama(), "general.type");
        assertRefused(header().put("general.architecture", "qwen2"), "architecture=qwen2 is not the base model's");
        assertRefused(header().put("adapter.type", "control_vector"), "adapter.type=control_vector is not lora");
        assertRefused(header().put("adapter.lora.alpha", Float.NaN), "adapter.lora.alpha=NaN is not a finite number");
        assertRefused(header().put("adapter.lora.magic", 1), "adapter.lora.magic=1 is not supported");
        assertRefused(header(), "holds no tensors");
        assertRefused(header().floats(OUTPUT_A, a, 4, 64), OUTPUT_B + " is missing");
        assertRefused(header().floats("blk.9.attn_output.weight.lora_a", a, 4, 64),
                "that the base model does not have");
        assertRefused(header().floats("blk.0.attn_output.weight", a, 4, 64), "is not a tensor of a LoRA");
        assertRefused(header().floats(OUTPUT_A, a, 8, 32).floats(OUTPUT_B, b, 64, 4),
                "is 8 x 32, the base model wants 8 x 64");
        a[7] = Float.NaN;
        assertRefused(header().floats(OUTPUT_A, a, 4, 64).floats(OUTPUT_B, b, 64, 4), "holds NaN at element 7");
        a[7] = 1;
        assertEquals(1, read(header().floats(OUTPUT_A, a, 4, 64).floats(OUTPUT_B, b, 64, 4)).warnings().size());
    }

    private void assertRefused(GgufWriter writer, String reason) {
        var refusal = assertThrows(InvalidAdapterException.class, () -> read(writer), reason);
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    private PeftAdapter read(GgufWriter writer) throws IOException {
        Files.write(folder.resolve("lora.gguf"), writer.bytes());
        return PeftAdapter.read(folder, BASE, Limits.DEFAULT);
    }

    private static GgufWriter header() {
        return new GgufWriter().put("general.architecture", "llama").put("general.type", "adapter")
                .put("adapter.type", "lora").put("adapter.lora.alpha", 16f);
    }

    private static void add(GgufWriter writer, LoraModule module) {
        String name = switch (module.kind()) {
            case "q_proj" -> "attn_q";
            case "k_proj" -> "attn_k";
            case "v_proj" -> "attn_v";
            case "o_proj" -> "attn_output";
            default -> "ffn_" + module.kind().replace("_proj", "");
        };
        String path = "blk." + module.layer() + "." + name + ".weight";
        boolean permuted = module.kind().equals("q_proj") || module.kind().equals("k_proj");
        writer.floats(path + ".lora_a", module.a().floats(), module.rank(), module.in());
        float[] b = module.b().floats();
        writer.floats(path + ".lora_b", permuted ? permuted(b, module.rank()) : b, module.out(),
                module.rank());
    }

    /** The converter's reshape(heads, 2, half, rank).swapaxes(1, 2). */
    private static float[] permuted(float[] b, int rank) {
        float[] out = new float[b.length];
        int half = HEAD / 2;
        for (int head = 0; head < b.length / rank / HEAD; head++) {
            for (int side = 0; side < 2; side++) {
                for (int pair = 0; pair < half; pair++) {
                    int from = head * HEAD + side * half + pair;
                    System.arraycopy(b, from * rank, out, (head * HEAD + pair * 2 + side) * rank, rank);
                }
            }
        }
        return out;
    }
}
