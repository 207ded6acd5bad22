package graft.engine.torch;

import graft.weights.TensorFile.ElementType;
import graft.weights.TensorFile.TensorInfo;
import java.util.List;

/**
 * How one entry of the weight list is kept: as it is, or as codes with scales (parts/weights.py). What a GGUF holds in
 * blocks of that many bits keeps its bits; everything else is quantised while it is loaded.
 */
enum WeightForm {
    /** In the activations' type, or float32. */
    PLAIN(0, 0),
    /** A scale for each row, of any width: what libtorch multiplies without unpacking it. */
    ROWS8(8, 0),
    /** A scale for 32 values: GGUF's Q8_0. */
    BLOCKS8(8, 32),
    /** Scale and minimum for 32 values: GGUF's Q4_0 and Q4_1. */
    BLOCKS4(4, 32);

    private static final int BLOCK = 32;
    private final int bits;
    private final int block;

    WeightForm(int bits, int block) {
        this.bits = bits;
        this.block = block;
    }

    /** @param parts the tensors that are stacked */
    static WeightForm of(Architecture.Kind kind, Precision precision, List<TensorInfo> parts) {
        boolean matrix = kind == Architecture.Kind.MATRIX || kind == Architecture.Kind.TABLE;
        if (precision.bits() > 8 || !matrix || parts.isEmpty()) return PLAIN;
        if (!parts.stream().allMatch(WeightForm::inBlocks)) return ROWS8;
        // A file's four bits stay four: eight would take more memory and lose something.
        if (parts.stream().allMatch(BLOCKS4::keeps)) return BLOCKS4;
        // Embeddings and heads lose most by four bits, and llama.cpp's own files keep them wider too.
        if (precision == Precision.INT4 && kind == Architecture.Kind.MATRIX) return BLOCKS4;
        return parts.stream().anyMatch(BLOCKS8::keeps) ? BLOCKS8 : ROWS8;
    }

    private static boolean inBlocks(TensorInfo part) {
        return part.shape().getLast() % BLOCK == 0;
    }

    int bits() {
        return bits;
    }

    /** Values that share a scale; 0 for those of a row. */
    int block() {
        return block;
    }

    /** Whether the bits of a tensor so stored stay what they are. */
    boolean keeps(TensorInfo part) {
        return switch (this) {
            case PLAIN, ROWS8 -> false;
            case BLOCKS8 -> part.type() == ElementType.Q8_0;
            case BLOCKS4 -> part.type() == ElementType.Q4_0 || part.type() == ElementType.Q4_1;
        };
    }

    /** Memory of a matrix of codes with its scales, which have two bytes each. */
    long bytes(long rows, long columns) {
        return switch (this) {
            case PLAIN -> throw new IllegalStateException("no codes");
            case ROWS8 -> rows * (columns + 2);
            case BLOCKS8 -> rows * (columns + columns / BLOCK * 2);
            case BLOCKS4 -> rows * (columns / 2 + columns / BLOCK * 4);
        };
    }
}
