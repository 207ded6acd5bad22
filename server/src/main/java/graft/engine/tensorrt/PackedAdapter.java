package graft.engine.tensorrt;

import java.nio.ByteBuffer;

/**
 * An adapter as TensorRT-LLM takes it.
 *
 * @param type    of the weights: 0 float32, 1 float16, 2 bfloat16, as executor.h numbers them
 * @param rows    modules with weights
 * @param width   elements of the longest row; shorter ones end in zeros
 * @param weights [rows, width]: A [rank, in], then B times its scale [out, rank], then DoRA's magnitude [out]
 * @param config  [rows, 4] int32: module, layer, rank, whether DoRA
 */
record PackedAdapter(int type, int rows, int width, ByteBuffer weights, ByteBuffer config) {
    static final int FLOAT32 = 0;
    static final int FLOAT16 = 1;
    static final int BFLOAT16 = 2;

    long bytes() {
        return weights.capacity();
    }
}
