package graft.weights;

import graft.weights.TensorFile.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Plain element types: their sizes, and their values as float32. GGUF's blocks are in {@link Blocks}. */
final class Elements {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;

    private Elements() {}

    /**
     * Bytes that so many elements take.
     *
     * @throws ArithmeticException when they don't fit a long, or don't fill whole blocks
     */
    static long bytes(ElementType type, long elements) {
        int perBlock = Blocks.elements(type);
        if (elements % perBlock != 0) {
            throw new ArithmeticException(elements + " elements do not fill blocks of " + perBlock);
        }
        return Math.multiplyExact(elements / perBlock, blockBytes(type));
    }

    private static int blockBytes(ElementType type) {
        return switch (type) {
            case F64, I64 -> 8;
            case F32, I32 -> 4;
            case F16, BF16, I16 -> 2;
            case I8, U8, BOOL, F8_E4M3 -> 1;
            case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> Blocks.bytes(type);
        };
    }

    static float[] floats(ElementType type, MemorySegment stored, int elements) {
        float[] out = new float[elements];
        switch (type) {
            case F32 -> MemorySegment.copy(stored, F32, 0, out, 0, elements);
            case F16 -> {
                for (int i = 0; i < elements; i++) out[i] = Float.float16ToFloat(stored.get(I16, 2L * i));
            }
            case BF16 -> {
                for (int i = 0; i < elements; i++) out[i] = Float.intBitsToFloat(stored.get(I16, 2L * i) << 16);
            }
            case F64 -> {
                for (int i = 0; i < elements; i++) out[i] = (float) stored.get(F64, 8L * i);
            }
            case I64 -> {
                for (int i = 0; i < elements; i++) out[i] = stored.get(I64, 8L * i);
            }
            case I32 -> {
                for (int i = 0; i < elements; i++) out[i] = stored.get(I32, 4L * i);
            }
            case I16 -> {
                for (int i = 0; i < elements; i++) out[i] = stored.get(I16, 2L * i);
            }
            case I8 -> {
                for (int i = 0; i < elements; i++) out[i] = stored.get(I8, i);
            }
            case U8, BOOL -> {
                for (int i = 0; i < elements; i++) out[i] = stored.get(I8, i) & 0xff;
            }
            case F8_E4M3 -> {
                for (int i = 0; i < elements; i++) out[i] = float8(stored.get(I8, i));
            }
            case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> Blocks.decode(type, stored, out);
        }
        return out;
    }

    /** One sign, four exponent (bias 7), three fraction bits; no infinities, all ones is NaN (OCP FP8, "E4M3FN"). */
    private static float float8(byte bits) {
        int exponent = bits >> 3 & 0xf;
        int fraction = bits & 7;
        if (exponent == 15 && fraction == 7) return Float.NaN;
        float size = exponent == 0 ? Math.scalb((float) fraction, -9) : Math.scalb(8f + fraction, exponent - 10);
        return bits < 0 ? -size : size;
    }
}
