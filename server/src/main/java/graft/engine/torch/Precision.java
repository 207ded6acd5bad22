package graft.engine.torch;

/**
 * How weights, activations and KV are kept. Rope tables, norms, the residual stream, softmax and logits are float32
 * in all of them; in int8 and int4 only matrices are of so few bits, everything else is as in bf16.
 */
public enum Precision {
    FLOAT32("float32", 6, 4, 32), BF16("bf16", 15, 2, 16), FLOAT16("float16", 5, 2, 16), INT8("int8", 15, 2, 8),
    INT4("int4", 15, 2, 4);

    private final String setting;
    private final int elementType;
    private final int bytes;
    private final int bits;

    Precision(String setting, int elementType, int bytes, int bits) {
        this.setting = setting;
        this.elementType = elementType;
        this.bytes = bytes;
        this.bits = bits;
    }

    /** As in GRAFT_PRECISION. */
    public String setting() {
        return setting;
    }

    /** PyTorch's number of the type of activations (c10/core/ScalarType.h). */
    int elementType() {
        return elementType;
    }

    /** Of an activation, of a value in the KV and of an adapter's. */
    int bytes() {
        return bytes;
    }

    /** Of a matrix's value, scales apart. */
    int bits() {
        return bits;
    }

    /** @throws IllegalArgumentException for one this engine doesn't have */
    public static Precision of(String setting) {
        for (Precision each : values()) if (each.setting.equals(setting)) return each;
        throw new IllegalArgumentException("precision " + setting + " is not one of float32, bf16, float16, int8, int4");
    }
}
