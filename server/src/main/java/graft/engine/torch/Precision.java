package graft.engine.torch;

/**
 * How weights, activations and KV are kept. Rope tables, norms, the residual stream, softmax and logits are float32
 * in all of them.
 */
public enum Precision {
    FLOAT32("float32", 6, 4), BF16("bf16", 15, 2), FLOAT16("float16", 5, 2);

    private final String setting;
    private final int elementType;
    private final int bytes;

    Precision(String setting, int elementType, int bytes) {
        this.setting = setting;
        this.elementType = elementType;
        this.bytes = bytes;
    }

    /** As in GRAFT_PRECISION. */
    public String setting() {
        return setting;
    }

    /** PyTorch's number of the type (c10/core/ScalarType.h). */
    int elementType() {
        return elementType;
    }

    int bytes() {
        return bytes;
    }

    /** @throws IllegalArgumentException for one this engine doesn't have */
    public static Precision of(String setting) {
        for (Precision each : values()) if (each.setting.equals(setting)) return each;
        throw new IllegalArgumentException("precision " + setting + " is not one of float32, bf16, float16");
    }
}
