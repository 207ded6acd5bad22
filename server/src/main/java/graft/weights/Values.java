package graft.weights;

import graft.weights.TensorFile.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;

/**
 * The numbers of a tensor, as its file stores them or computed: read in place, so that an engine which takes the file's
 * own type never makes Java numbers of them. Immutable; those of a file are valid as long as its mapping.
 */
public final class Values {
    /** A word at a time, whatever the type: an adapter is looked through before it is used. */
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    private final ElementType type;
    private final MemorySegment stored;
    private final int length;

    /** @param type F32, F16 or BF16 */
    Values(ElementType type, MemorySegment stored, int length) {
        if (Elements.bytes(type, length) != stored.byteSize())
            throw new IllegalArgumentException(length + " values in " + stored.byteSize() + " bytes");
        this.type = type;
        this.stored = stored;
        this.length = length;
    }

    /** @param computed not to be written to any more */
    public static Values of(float[] computed) {
        return new Values(ElementType.F32, MemorySegment.ofArray(computed), computed.length);
    }

    public int length() {
        return length;
    }

    /** Of what is {@link #stored}: F32, F16 or BF16. */
    public ElementType type() {
        return type;
    }

    /** Row-major, little endian, read only by agreement; in Java's own memory if computed, else a view of the file. */
    public MemorySegment stored() {
        return stored;
    }

    /** A fresh array. */
    public float[] floats() {
        return Elements.floats(type, stored, length);
    }

    boolean allZero() {
        long sizes = switch (type) { // all but the signs
            case F32 -> 0x7fffffff_7fffffffL;
            default -> 0x7fff7fff_7fff7fffL;
        };
        long words = stored.byteSize() / Long.BYTES;
        for (long i = 0; i < words; i++) if ((stored.get(WORD, i * Long.BYTES) & sizes) != 0) return false;
        for (float value : tail(words)) if (value != 0) return false;
        return true;
    }

    /** The first NaN or infinity: an exponent of ones. */
    OptionalInt firstNotFinite() {
        return everyWordFinite() ? OptionalInt.empty() : firstNotFinite(floats());
    }

    private boolean everyWordFinite() {
        long exponents = switch (type) {
            case F32 -> 0x7f800000_7f800000L;
            case F16 -> 0x7c007c00_7c007c00L;
            default -> 0x7f807f80_7f807f80L;
        };
        long lowest = type == ElementType.F32 ? 0x00000001_00000001L : 0x00010001_00010001L;
        long highest = type == ElementType.F32 ? 0x80000000_80000000L : 0x80008000_80008000L;
        long words = stored.byteSize() / Long.BYTES;
        for (long i = 0; i < words; i++) {
            long missing = ~stored.get(WORD, i * Long.BYTES) & exponents; // a lane of zeros: an exponent of ones
            if ((missing - lowest & ~missing & highest) != 0) return false;
        }
        return firstNotFinite(tail(words)).isEmpty();
    }

    private float[] tail(long words) {
        MemorySegment rest = stored.asSlice(words * Long.BYTES);
        return Elements.floats(type, rest, (int) (rest.byteSize() / Elements.bytes(type, 1)));
    }

    private static OptionalInt firstNotFinite(float[] values) {
        for (int i = 0; i < values.length; i++) if (!Float.isFinite(values[i])) return OptionalInt.of(i);
        return OptionalInt.empty();
    }
}
