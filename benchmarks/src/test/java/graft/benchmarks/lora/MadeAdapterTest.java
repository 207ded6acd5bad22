package graft.benchmarks.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MadeAdapterTest {
    /** One layer, two query heads and one key head of four. */
    private static final Shape SMALL = new Shape(1, 8, 16, 2, 1, 4);

    @Test
    void anAdapterOfASizeHasThatSize() {
        for (int mebibytes : new int[] {5, 50}) {
            MadeAdapter made = new MadeAdapter(Shape.SMOLLM2_135M,
                    Shape.SMOLLM2_135M.rankOf((long) mebibytes << 20), 1);
            assertEquals(mebibytes, made.bytes() / (double) (1 << 20), mebibytes * 0.07);
        }
    }

    @Test
    void peftAndGgufHoldTheSameNumbersAndOnlyTheRowsOfTurnedHeadsMove(@TempDir Path folder) throws IOException {
        MadeAdapter made = new MadeAdapter(SMALL, 2, 3);
        Path peft = made.peft(folder.resolve("peft"), "small");
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(peft.resolve("adapter_model.safetensors")))
                .order(ByteOrder.LITTLE_ENDIAN);
        int header = Math.toIntExact(file.getLong(0));
        JsonNode json = new ObjectMapper().readTree(file.array(), 8, header);
        assertEquals(14, json.size());
        assertEquals(file.capacity() - 8 - header, made.bytes());
        ByteBuffer gguf = ByteBuffer.wrap(Files.readAllBytes(made.gguf(folder.resolve("a.gguf"))))
                .order(ByteOrder.LITTLE_ENDIAN);
        String prefix = "base_model.model.model.layers.0.self_attn.";
        // The first two tensors of the GGUF are q's A and B, each padded to 32 bytes; A is 2 x 8.
        int data = firstTensor(gguf, file, 8 + header);
        int[] order = {0, 2, 1, 3, 4, 6, 5, 7}; // halves of each head's four rows, interleaved
        int b = json.at("/" + prefix + "q_proj.lora_B.weight/data_offsets/0").asInt();
        for (int row = 0; row < order.length; row++)
            for (int r = 0; r < 2; r++) assertEquals(bfloat16(file, 8 + header + b + 2 * (2 * order[row] + r)),
                    Float.float16ToFloat(gguf.getShort(data + 32 + 2 * (2 * row + r))));
    }

    /** Where the first tensor's numbers begin: at the first multiple of 32 behind which q's A stands. */
    private static int firstTensor(ByteBuffer gguf, ByteBuffer safetensors, int from) {
        for (int at = 32; at + 32 <= gguf.capacity(); at += 32) {
            boolean same = true;
            for (int i = 0; i < 16; i++)
                same &= Float.float16ToFloat(gguf.getShort(at + 2 * i)) == bfloat16(safetensors, from + 2 * i);
            if (same) return at;
        }
        throw new AssertionError("q's A is not in the GGUF");
    }

    private static float bfloat16(ByteBuffer bytes, int at) {
        return Float.intBitsToFloat(bytes.getShort(at) << 16);
    }

    @Test
    void ggufStartsAsItsReadersExpect(@TempDir Path folder) throws IOException {
        ByteBuffer gguf = ByteBuffer.wrap(Files.readAllBytes(new MadeAdapter(SMALL, 2, 3).gguf(folder.resolve("a"))))
                .order(ByteOrder.LITTLE_ENDIAN);
        assertEquals("GGUF", new String(gguf.array(), 0, 4));
        assertEquals(3, gguf.getInt(4));
        assertEquals(14, gguf.getLong(8));
        assertTrue(gguf.capacity() % 32 == 0, "padded");
    }
}
