package graft.weights;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;

/**
 * Named tensors in memory-mapped files, whatever the format; names are those of Hugging Face checkpoints.
 *
 * <p>Immutable and safe from any thread until {@link #close}.
 */
public interface TensorFile extends AutoCloseable {
    Set<String> names();

    boolean has(String name);

    /** @throws IllegalArgumentException for an unknown name */
    TensorInfo info(String name);

    /** The stored bytes of a tensor, little endian, row-major, in {@link TensorInfo#type}; a view of the mapping. */
    MemorySegment bytes(String name);

    /** The tensor's values as float32, dequantised where it is stored in blocks; a fresh array. */
    float[] floats(String name);

    @Override
    void close();

    /**
     * @param shape outermost dimension first, as PyTorch prints it
     */
    record TensorInfo(String name, ElementType type, List<Long> shape) {
        public TensorInfo {
            shape = List.copyOf(shape);
        }

        public long elements() {
            return shape.stream().reduce(1L, Math::multiplyExact);
        }
    }

    /** How elements are stored; Q types are GGUF's blocks. */
    enum ElementType { F32, F16, BF16, F64, I64, I32, I16, I8, U8, BOOL, F8_E4M3, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K,
            Q5_K, Q6_K }
}
