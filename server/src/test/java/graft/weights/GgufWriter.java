package graft.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes small GGUF files for tests: version 3, little endian, 32-byte alignment. */
public final class GgufWriter {
    private static final int ALIGNMENT = 32;
    private final Map<String, byte[]> values = new LinkedHashMap<>();
    private final List<String> names = new ArrayList<>();
    private final List<long[]> shapes = new ArrayList<>();
    private final List<Integer> types = new ArrayList<>();
    private final List<byte[]> data = new ArrayList<>();

    /** What a one-layer Llama needs: 8 wide, 2 heads of 4, 1 key-value head, 3 tokens. */
    public static GgufWriter tinyLlama() {
        GgufWriter writer = new GgufWriter().put("general.architecture", "llama").put("llama.block_count", 1)
                .put("llama.context_length", 64).put("llama.embedding_length", 8).put("llama.feed_forward_length", 16)
                .put("llama.attention.head_count", 2).put("llama.attention.head_count_kv", 1)
                .put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        return writer.floats("token_embd.weight", counting(24), 3, 8).floats("output_norm.weight", counting(8), 8)
                .floats("blk.0.attn_norm.weight", counting(8), 8).floats("blk.0.ffn_norm.weight", counting(8), 8)
                .floats("blk.0.attn_q.weight", counting(64), 8, 8).floats("blk.0.attn_k.weight", counting(32), 4, 8)
                .floats("blk.0.attn_v.weight", counting(32), 4, 8)
                .floats("blk.0.attn_output.weight", counting(64), 8, 8)
                .floats("blk.0.ffn_gate.weight", counting(128), 16, 8)
                .floats("blk.0.ffn_up.weight", counting(128), 16, 8)
                .floats("blk.0.ffn_down.weight", counting(128), 8, 16);
    }

    static float[] counting(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = i;
        return values;
    }

    GgufWriter put(String key, String value) {
        values.put(key, join(u32(8), string(value)));
        return this;
    }

    public GgufWriter put(String key, int value) {
        values.put(key, join(u32(4), u32(value)));
        return this;
    }

    GgufWriter put(String key, float value) {
        values.put(key, join(u32(6), u32(Float.floatToRawIntBits(value))));
        return this;
    }

    GgufWriter put(String key, boolean value) {
        values.put(key, join(u32(7), new byte[] {(byte) (value ? 1 : 0)}));
        return this;
    }

    GgufWriter put(String key, List<String> strings) {
        values.put(key, join(u32(9), u32(8), u64(strings.size()),
                join(strings.stream().map(GgufWriter::string).toArray(byte[][]::new))));
        return this;
    }

    GgufWriter putInts(String key, int... numbers) {
        byte[][] parts = new byte[numbers.length][];
        for (int i = 0; i < numbers.length; i++) parts[i] = u32(numbers[i]);
        values.put(key, join(u32(9), u32(5), u64(numbers.length), join(parts)));
        return this;
    }

    GgufWriter putFloats(String key, float... numbers) {
        byte[][] parts = new byte[numbers.length][];
        for (int i = 0; i < numbers.length; i++) parts[i] = u32(Float.floatToRawIntBits(numbers[i]));
        values.put(key, join(u32(9), u32(6), u64(numbers.length), join(parts)));
        return this;
    }

    /** @param shape as PyTorch prints it, outermost first */
    public GgufWriter floats(String name, float[] elements, long... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * elements.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float element : elements) bytes.putFloat(element);
        return tensor(name, 0, bytes.array(), shape);
    }

    public GgufWriter tensor(String name, int type, byte[] bytes, long... shape) {
        int known = names.indexOf(name);
        if (known >= 0) {
            names.remove(known);
            shapes.remove(known);
            types.remove(known);
            data.remove(known);
        }
        names.add(name);
        shapes.add(shape);
        types.add(type);
        data.add(bytes);
        return this;
    }

    public byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(join(u32(0x46554747), u32(3), u64(names.size()), u64(values.size())));
        values.forEach((key, value) -> out.writeBytes(join(string(key), value)));
        long offset = 0;
        for (int i = 0; i < names.size(); i++) {
            out.writeBytes(join(string(names.get(i)), u32(shapes.get(i).length)));
            for (int d = shapes.get(i).length - 1; d >= 0; d--) out.writeBytes(u64(shapes.get(i)[d]));
            out.writeBytes(join(u32(types.get(i)), u64(offset)));
            offset += aligned(data.get(i).length);
        }
        out.writeBytes(new byte[aligned(out.size()) - out.size()]);
        for (byte[] tensor : data) out.writeBytes(join(tensor, new byte[aligned(tensor.length) - tensor.length]));
        return out.toByteArray();
    }

    private static int aligned(int size) {
        return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static byte[] string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return join(u64(utf8.length), utf8);
    }

    private static byte[] u32(int value) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    private static byte[] u64(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) out.writeBytes(part);
        return out.toByteArray();
    }
}
