package graft.benchmarks.lora;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes matrices as llama.cpp's LoRA adapter: GGUF version 3, float16 (ggml's type 1), aligned to 32 bytes. */
final class GgufFile {
    private static final int VERSION = 3;
    private static final int FLOAT32_VALUE = 6;
    private static final int STRING_VALUE = 8;
    private static final int FLOAT16_TENSOR = 1;
    private static final int ALIGNMENT = 32;

    private GgufFile() {}

    static void write(Path file, float alpha, List<MadeAdapter.Matrix> matrices) throws IOException {
        byte[] header = header(alpha, matrices);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(header);
            out.write(new byte[padding(header.length)]);
            for (MadeAdapter.Matrix matrix : matrices) {
                ByteBuffer bytes = ByteBuffer.allocate(2 * matrix.values().length).order(ByteOrder.LITTLE_ENDIAN);
                for (short value : matrix.values())
                    bytes.putShort(Float.floatToFloat16(Float.intBitsToFloat(value << 16)));
                out.write(bytes.array());
                out.write(new byte[padding(bytes.capacity())]);
            }
        }
    }

    private static byte[] header(float alpha, List<MadeAdapter.Matrix> matrices) {
        ByteBuffer to = ByteBuffer.allocate(1024 + 128 * matrices.size()).order(ByteOrder.LITTLE_ENDIAN);
        to.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(VERSION).putLong(matrices.size()).putLong(4);
        text(to, "general.type", "adapter");
        text(to, "general.architecture", "llama");
        text(to, "adapter.type", "lora");
        string(to, "adapter.lora.alpha").putInt(FLOAT32_VALUE).putFloat(alpha);
        long offset = 0;
        for (MadeAdapter.Matrix matrix : matrices) {
            // ggml names the fastest dimension first
            string(to, matrix.name()).putInt(2).putLong(matrix.columns()).putLong(matrix.rows())
                    .putInt(FLOAT16_TENSOR).putLong(offset);
            int bytes = 2 * matrix.values().length;
            offset += bytes + padding(bytes);
        }
        byte[] header = new byte[to.position()];
        to.flip().get(header);
        return header;
    }

    private static void text(ByteBuffer to, String key, String value) {
        string(to, key).putInt(STRING_VALUE);
        string(to, value);
    }

    private static ByteBuffer string(ByteBuffer to, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return to.putLong(bytes.length).put(bytes);
    }

    private static int padding(int bytes) {
        return (ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT;
    }
}
