package graft.benchmarks.lora;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A random adapter on every linear layer, of this rank and seed: the same numbers as PEFT's safetensors (bfloat16) and
 * as llama.cpp's GGUF (float16, into which such small bfloat16 numbers fit exactly).
 */
public record MadeAdapter(Shape shape, int rank, long seed) {
    private static final double SPREAD = 0.02;

    /** @param rows by columns, row by row, as bfloat16 bits */
    record Matrix(String name, int rows, int columns, short[] values) {}

    public long bytes() {
        return 2L * rank * shape.perRank();
    }

    /** adapter_config.json as PEFT writes it; alpha equals the rank, so the scale is 1. */
    public byte[] config(String base) {
        return ("{\"peft_type\":\"LORA\",\"task_type\":\"CAUSAL_LM\",\"base_model_name_or_path\":\"" + base + "\",\"r\":"
                + rank + ",\"lora_alpha\":" + rank + ",\"lora_dropout\":0.0,\"bias\":\"none\",\"fan_in_fan_out\":false,"
                + "\"inference_mode\":true,\"target_modules\":[\"q_proj\",\"k_proj\",\"v_proj\",\"o_proj\",\"gate_proj\","
                + "\"up_proj\",\"down_proj\"]}").getBytes(StandardCharsets.UTF_8);
    }

    /** Writes the two files of a PEFT folder. */
    public Path peft(Path folder, String base) throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("adapter_config.json"), config(base));
        List<Matrix> matrices = new ArrayList<>();
        each((layer, linear, a, b) -> {
            String name = "base_model.model.model.layers." + layer + "." + linear.peft();
            matrices.add(new Matrix(name + ".lora_A.weight", rank, linear.in(), a));
            matrices.add(new Matrix(name + ".lora_B.weight", linear.out(), rank, b));
        });
        SafetensorsFile.write(folder.resolve("adapter_model.safetensors"), matrices);
        return folder;
    }

    public Path gguf(Path file) throws IOException {
        List<Matrix> matrices = new ArrayList<>();
        each((layer, linear, a, b) -> {
            String name = "blk." + layer + "." + linear.gguf() + ".weight";
            matrices.add(new Matrix(name + ".lora_a", rank, linear.in(), a));
            matrices.add(new Matrix(name + ".lora_b", linear.out(), rank, rotated(b, linear)));
        });
        GgufFile.write(file, rank, matrices);
        return file;
    }

    @FunctionalInterface
    private interface Pair {
        void of(int layer, Shape.Linear linear, short[] a, short[] b);
    }

    private void each(Pair pair) {
        Random random = new Random(seed);
        for (int layer = 0; layer < shape.layers(); layer++) {
            for (Shape.Linear linear : shape.linears()) {
                short[] a = random(random, rank * linear.in(), 1 / Math.sqrt(linear.in()));
                pair.of(layer, linear, a, random(random, rank * linear.out(), SPREAD / Math.sqrt(rank)));
            }
        }
    }

    private static short[] random(Random random, int count, double spread) {
        short[] values = new short[count];
        for (int i = 0; i < count; i++) {
            float value = (float) ((2 * random.nextDouble() - 1) * spread);
            // Below 2^-14 float16 has fewer digits than bfloat16: such numbers become zero in both.
            values[i] = Math.abs(value) < 0x1p-14 ? 0 : (short) (Float.floatToRawIntBits(value) >>> 16);
        }
        return values;
    }

    /** GGUF interleaves the two halves of a head's rows (convert_hf_to_gguf.py, permute). */
    private short[] rotated(short[] b, Shape.Linear linear) {
        if (linear.rotated() == 0) return b;
        short[] moved = new short[b.length];
        int half = shape.headDim() / 2;
        for (int head = 0; head < linear.rotated(); head++)
            for (int i = 0; i < half; i++)
                for (int side = 0; side < 2; side++) System.arraycopy(b,
                        (head * shape.headDim() + side * half + i) * rank, moved,
                        (head * shape.headDim() + 2 * i + side) * rank, rank);
        return moved;
    }
}
