package graft.weights;

import graft.weights.TensorFile.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * GGUF's quantised blocks, decoded with the arithmetic of ggml's dequantize_row_* (ggml-quants.c): the same float32
 * operations in the same order, so that values are equal bit by bit. Each block is a float16 scale (and minimum)
 * followed by packed integers; layouts are in the comments below, offsets in bytes.
 */
final class Blocks {
    private static final ValueLayout.OfShort F16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Blocks() {}

    /** Elements in one block; 1 for types without blocks. */
    static int elements(ElementType type) {
        return switch (type) {
            case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 -> 32;
            case Q4_K, Q5_K, Q6_K -> 256;
            case F32, F16, BF16, F64, I64, I32, I16, I8, U8, BOOL, F8_E4M3 -> 1;
        };
    }

    static int bytes(ElementType type) {
        return switch (type) {
            case Q8_0 -> 34;   // d, 32 x int8
            case Q4_0 -> 18;   // d, 16 x two nibbles
            case Q4_1 -> 20;   // d, m, 16 x two nibbles
            case Q5_0 -> 22;   // d, 32 high bits, 16 x two nibbles
            case Q5_1 -> 24;   // d, m, 32 high bits, 16 x two nibbles
            case Q4_K -> 144;  // d, dmin, 12 bytes of scales, 128 x two nibbles
            case Q5_K -> 176;  // d, dmin, 12 bytes of scales, 32 x 8 high bits, 128 x two nibbles
            case Q6_K -> 210;  // 128 x two nibbles, 64 x four pairs of high bits, 16 x int8 scales, d
            case F32, F16, BF16, F64, I64, I32, I16, I8, U8, BOOL, F8_E4M3 ->
                throw new IllegalArgumentException(type + " has no blocks");
        };
    }

    static void decode(ElementType type, MemorySegment in, float[] out) {
        int size = bytes(type);
        int blocks = out.length / elements(type);
        for (int block = 0; block < blocks; block++) {
            long at = (long) block * size;
            int to = block * elements(type);
            switch (type) {
                case Q8_0 -> q8(in, at, out, to);
                case Q4_0 -> q4(in, at + 2, scale(in, at), out, to);
                case Q4_1 -> q4(in, at + 4, scale(in, at), scale(in, at + 2), out, to);
                case Q5_0 -> q5(in, at + 2, scale(in, at), out, to);
                case Q5_1 -> q5(in, at + 4, scale(in, at), scale(in, at + 2), out, to);
                case Q4_K -> q4k(in, at, out, to);
                case Q5_K -> q5k(in, at, out, to);
                case Q6_K -> q6k(in, at, out, to);
                case F32, F16, BF16, F64, I64, I32, I16, I8, U8, BOOL, F8_E4M3 ->
                    throw new IllegalArgumentException(type + " has no blocks");
            }
        }
    }

    private static float scale(MemorySegment in, long at) {
        return Float.float16ToFloat(in.get(F16, at));
    }

    private static int unsigned(MemorySegment in, long at) {
        return in.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    private static void q8(MemorySegment in, long at, float[] out, int to) {
        float d = scale(in, at);
        for (int i = 0; i < 32; i++) out[to + i] = in.get(ValueLayout.JAVA_BYTE, at + 2 + i) * d;
    }

    private static void q4(MemorySegment in, long at, float d, float[] out, int to) {
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(in, at + i);
            out[to + i] = ((pair & 15) - 8) * d;
            out[to + 16 + i] = ((pair >> 4) - 8) * d;
        }
    }

    private static void q4(MemorySegment in, long at, float d, float m, float[] out, int to) {
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(in, at + i);
            out[to + i] = (pair & 15) * d + m;
            out[to + 16 + i] = (pair >> 4) * d + m;
        }
    }

    private static void q5(MemorySegment in, long at, float d, float[] out, int to) {
        int high = in.get(U32, at);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(in, at + 4 + i);
            out[to + i] = ((pair & 15 | (high >>> i & 1) << 4) - 16) * d;
            out[to + 16 + i] = ((pair >> 4 | (high >>> (i + 16) & 1) << 4) - 16) * d;
        }
    }

    private static void q5(MemorySegment in, long at, float d, float m, float[] out, int to) {
        int high = in.get(U32, at);
        for (int i = 0; i < 16; i++) {
            int pair = unsigned(in, at + 4 + i);
            out[to + i] = (pair & 15 | (high >>> i & 1) << 4) * d + m;
            out[to + 16 + i] = (pair >> 4 | (high >>> (i + 16) & 1) << 4) * d + m;
        }
    }

    /**
     * Six-bit scale (row 0) or minimum (row 1) of sub-block 0..7, out of the twelve packed bytes (get_scale_min_k4).
     */
    private static int packed(MemorySegment in, long scales, int sub, int row) {
        if (sub < 4) return unsigned(in, scales + sub + 4L * row) & 63;
        int low = unsigned(in, scales + sub + 4) >> 4 * row & 15;
        return low | unsigned(in, scales + sub - 4 + 4L * row) >> 6 << 4;
    }

    private static void q4k(MemorySegment in, long at, float[] out, int to) {
        float d = scale(in, at);
        float min = scale(in, at + 2);
        for (int sub = 0; sub < 8; sub++) {
            float d1 = d * packed(in, at + 4, sub, 0);
            float m1 = min * packed(in, at + 4, sub, 1);
            long nibbles = at + 16 + sub / 2 * 32L;
            for (int i = 0; i < 32; i++) {
                int q = unsigned(in, nibbles + i) >> 4 * (sub % 2) & 15;
                out[to + sub * 32 + i] = d1 * q - m1;
            }
        }
    }

    private static void q5k(MemorySegment in, long at, float[] out, int to) {
        float d = scale(in, at);
        float min = scale(in, at + 2);
        for (int sub = 0; sub < 8; sub++) {
            float d1 = d * packed(in, at + 4, sub, 0);
            float m1 = min * packed(in, at + 4, sub, 1);
            long nibbles = at + 48 + sub / 2 * 32L;
            for (int i = 0; i < 32; i++) {
                int high = unsigned(in, at + 16 + i) >> sub & 1;
                int q = unsigned(in, nibbles + i) >> 4 * (sub % 2) & 15;
                out[to + sub * 32 + i] = d1 * (q + 16 * high) - m1;
            }
        }
    }

    private static void q6k(MemorySegment in, long at, float[] out, int to) {
        float d = scale(in, at + 208);
        for (int half = 0; half < 2; half++) {
            long low = at + 64L * half;
            long high = at + 128 + 32L * half;
            for (int quarter = 0; quarter < 4; quarter++) {
                for (int i = 0; i < 32; i++) {
                    int nibble = unsigned(in, low + 32L * (quarter % 2) + i) >> 4 * (quarter / 2) & 15;
                    int q = (nibble | (unsigned(in, high + i) >> 2 * quarter & 3) << 4) - 32;
                    int scale = in.get(ValueLayout.JAVA_BYTE, at + 192 + 8L * half + 2L * quarter + i / 16);
                    out[to + 128 * half + 32 * quarter + i] = d * scale * q;
                }
            }
        }
    }
}
