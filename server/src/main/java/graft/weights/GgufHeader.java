package graft.weights;

import graft.weights.TensorFile.ElementType;
import graft.weights.TensorFile.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a GGUF file (versions 2 and 3, little endian), read with every length checked against what is left.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
 */
final class GgufHeader {
    /** Bytes [begin, begin + length) of the data belong to the tensor; the name is the file's own. */
    record Entry(TensorInfo info, long begin, long length) {}

    private static final int MAGIC = 0x46554747;
    private static final int MOST_TENSORS = 1 << 17;
    private static final int MOST_KEYS = 1 << 14;
    private static final int MOST_ELEMENTS = 4 << 20;
    private static final int MOST_DIMENSIONS = 4;
    private static final int LONGEST_NAME = 1 << 16;
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String file;
    private final MemorySegment whole;
    private final long end;
    private long at;

    private GgufHeader(String file, MemorySegment whole, int headerLimit) {
        this.file = file;
        this.whole = whole;
        this.end = Math.min(whole.byteSize(), headerLimit);
    }

    /** What a header says, once proved. */
    record Contents(GgufMetadata metadata, Map<String, Entry> tensors, long dataOffset) {}

    static Contents read(String file, MemorySegment whole, int headerLimit) {
        return new GgufHeader(file, whole, headerLimit).read();
    }

    private Contents read() {
        if (whole.byteSize() < 4 || u32() != MAGIC) throw refused("is not a GGUF file");
        int version = u32();
        if (version != 2 && version != 3) {
            throw refused("has GGUF version " + Integer.toUnsignedString(version) + "; 2 and 3 are supported");
        }
        int tensorCount = count(u64(), MOST_TENSORS, "tensors");
        int keyCount = count(u64(), MOST_KEYS, "keys");
        GgufMetadata metadata = metadata(keyCount);
        int alignment = metadata.integer("general.alignment").orElse(DEFAULT_ALIGNMENT);
        if (alignment < 1 || Integer.bitCount(alignment) != 1) {
            throw metadata.refused("general.alignment", "is not a power of two");
        }
        Map<String, Entry> tensors = new LinkedHashMap<>();
        for (int i = 0; i < tensorCount; i++) {
            Entry entry = tensor(alignment);
            if (tensors.put(entry.info().name(), entry) != null) throw refused(entry.info().name(), "is there twice");
        }
        long dataOffset = (at + alignment - 1) / alignment * alignment;
        proveLayout(tensors, whole.byteSize() - dataOffset);
        return new Contents(metadata, tensors, dataOffset);
    }

    private GgufMetadata metadata(int keyCount) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < keyCount; i++) {
            String key = string(LONGEST_NAME);
            if (values.put(key, value(key, u32())) != null) throw refused(key, "is there twice");
        }
        return new GgufMetadata(file, values);
    }

    private Object value(String key, int type) {
        if (type == STRING) return string(Integer.MAX_VALUE);
        if (type == ARRAY) return array(key);
        if (type == 7) return u8() != 0;
        return floating(type) ? (Object) real(type) : (Object) integer(key, type);
    }

    private Object array(String key) {
        int type = u32();
        long claimed = u64();
        if (type == ARRAY) throw refused(key, "is an array of arrays, which is not supported");
        long left = (end - at) / (type == STRING ? 8 : 1);
        int count = count(claimed, (int) Math.min(left, MOST_ELEMENTS),
                "elements in " + InvalidTensorFileException.printable(key));
        if (type == STRING) {
            List<String> strings = new ArrayList<>(count);
            for (int i = 0; i < count; i++) strings.add(string(LONGEST_NAME));
            return List.copyOf(strings);
        }
        if (floating(type)) {
            double[] numbers = new double[count];
            for (int i = 0; i < count; i++) numbers[i] = real(type);
            return numbers;
        }
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) numbers[i] = type == 7 ? u8() : integer(key, type);
        return numbers;
    }

    private static boolean floating(int type) {
        return type == 6 || type == 12;
    }

    private double real(int type) {
        return type == 6 ? Float.intBitsToFloat(u32()) : Double.longBitsToDouble(u64());
    }

    private long integer(String key, int type) {
        return switch (type) {
            case 0 -> u8();
            case 1 -> (byte) u8();
            case 2 -> u16() & 0xffff;
            case 3 -> u16();
            case 4 -> u32() & 0xffffffffL;
            case 5 -> u32();
            case 10, 11 -> u64();
            default -> throw refused(key, "has the unknown value type " + Integer.toUnsignedString(type));
        };
    }

    private Entry tensor(int alignment) {
        String name = string(LONGEST_NAME);
        int dimensions = u32();
        if (dimensions < 0 || dimensions > MOST_DIMENSIONS) {
            throw refused(name, "has " + Integer.toUnsignedString(dimensions) + " dimensions, at most 4 are allowed");
        }
        List<Long> shape = new ArrayList<>();
        for (int i = 0; i < dimensions; i++) {
            long size = u64();
            if (size < 1) throw refused(name, "has a dimension of " + Long.toUnsignedString(size));
            shape.addFirst(size);  // GGUF writes the innermost dimension first
        }
        TensorInfo info = new TensorInfo(name, elementType(name, u32()), shape);
        long begin = u64();
        if (begin < 0 || begin % alignment != 0) {
            throw refused(name, "begins at " + Long.toUnsignedString(begin) + ", which is not aligned");
        }
        try {
            int perBlock = Blocks.elements(info.type());
            if (perBlock > 1 && (shape.isEmpty() || shape.getLast() % perBlock != 0)) {
                throw refused(name, "of shape " + shape + " does not fill " + info.type() + "'s blocks of " + perBlock);
            }
            return new Entry(info, begin, Elements.bytes(info.type(), info.elements()));
        } catch (ArithmeticException tooLarge) {
            throw refused(name, "claims more elements than there can be: " + shape);
        }
    }

    private ElementType elementType(String name, int type) {
        return switch (type) {
            case 0 -> ElementType.F32;
            case 1 -> ElementType.F16;
            case 2 -> ElementType.Q4_0;
            case 3 -> ElementType.Q4_1;
            case 6 -> ElementType.Q5_0;
            case 7 -> ElementType.Q5_1;
            case 8 -> ElementType.Q8_0;
            case 12 -> ElementType.Q4_K;
            case 13 -> ElementType.Q5_K;
            case 14 -> ElementType.Q6_K;
            case 30 -> ElementType.BF16;
            case 10, 11, 15, 16, 17, 18, 19, 20, 21, 22, 23, 29, 34, 35, 39 -> throw refused(name, "is stored as "
                    + unsupported(type) + ", which is not supported; F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, "
                    + "Q4_K, Q5_K and Q6_K are");
            default -> throw refused(name, "has the unknown element type " + Integer.toUnsignedString(type));
        };
    }

    private static String unsupported(int type) {
        return switch (type) {
            case 10 -> "Q2_K";
            case 11 -> "Q3_K";
            case 15 -> "Q8_K";
            case 34, 35 -> "TQ1_0 or TQ2_0";
            case 39 -> "MXFP4";
            default -> "an IQ type";
        };
    }

    private void proveLayout(Map<String, Entry> tensors, long dataLength) {
        List<Entry> ordered = new ArrayList<>(tensors.values());
        ordered.sort(Comparator.comparingLong(Entry::begin));
        long filled = 0;
        for (Entry entry : ordered) {
            String name = entry.info().name();
            if (entry.begin() < filled) throw refused(name, "overlaps the bytes of another tensor");
            if (entry.length() > dataLength - entry.begin()) {
                throw refused(name, "wants " + entry.length() + " bytes from " + entry.begin()
                        + " on, the file has only "
                        + Math.max(0, dataLength) + " bytes of data: it is cut off");
            }
            filled = entry.begin() + entry.length();
        }
    }

    private int count(long claimed, int most, String what) {
        if (claimed < 0 || claimed > most) {
            throw refused("claims " + Long.toUnsignedString(claimed) + " " + what + ", at most " + most
                    + " are possible");
        }
        return (int) claimed;
    }

    private String string(int longest) {
        int length = count(u64(), (int) Math.min(longest, end - at), "bytes of text");
        byte[] bytes = whole.asSlice(advance(length), length).toArray(ValueLayout.JAVA_BYTE);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException notUtf8) {
            throw refused("has a text that is not UTF-8 at byte " + (at - length));
        }
    }

    private long advance(long bytes) {
        if (bytes > end - at) throw refused("has a header that ends too early or is longer than " + end + " bytes");
        long from = at;
        at += bytes;
        return from;
    }

    private int u8() {
        return whole.get(ValueLayout.JAVA_BYTE, advance(1)) & 0xff;
    }

    private short u16() {
        return whole.get(U16, advance(2));
    }

    private int u32() {
        return whole.get(U32, advance(4));
    }

    private long u64() {
        return whole.get(U64, advance(8));
    }

    private InvalidTensorFileException refused(String reason) {
        return new InvalidTensorFileException(file, reason);
    }

    private InvalidTensorFileException refused(String name, String reason) {
        return new InvalidTensorFileException(file, name, reason);
    }
}
