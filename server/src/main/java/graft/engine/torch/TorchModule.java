package graft.engine.torch;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A script in libtorch, with whatever it keeps: weights, KV, adapters. Several threads may call methods that don't
 * touch the same state.
 *
 * <p>No tensor of type bf16 is ever made in Java (it aborts the process): bytes go in, the script gives them a type.
 */
final class TorchModule implements AutoCloseable {
    private final Model model;
    private final PtSymbolBlock block;
    private final Device device;
    private long weightBytes;

    /** @param device {@code cpu} or {@code cuda:N} */
    TorchModule(byte[] archive, String device) {
        this.device = Device.fromName(device.equals("cpu") ? "cpu" : device.replaceFirst("^cuda:?", "gpu"));
        model = Model.newInstance("graft", this.device, "PyTorch");
        try {
            model.load(new ByteArrayInputStream(archive));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException("a script that libtorch does not take", e);
        }
        block = (PtSymbolBlock) model.getBlock();
    }

    /** Threads of one operator; once a process. */
    static void useThreads(int threads) {
        Engine.getEngine("PyTorch"); // loads the library that the next line is in
        JniUtils.setNumThreads(threads);
    }

    /** Notes what was loaded; before other threads see the module. */
    void weighs(long bytes) {
        weightBytes = bytes;
    }

    /** Memory of its weights. */
    long weightBytes() {
        return weightBytes;
    }

    /** Opens a scope for tensors made in Java: closing it frees them all. */
    Scope scope() {
        return new Scope(NDManager.newBaseManager(device, "PyTorch"));
    }

    @Override
    public void close() {
        model.close();
    }

    /** Arguments and results of calls. Tensors borrow Java's memory until the scope is closed. */
    final class Scope implements AutoCloseable {
        private final PtNDManager manager;
        private final List<IValue> values = new ArrayList<>();

        private Scope(NDManager manager) {
            this.manager = (PtNDManager) manager;
        }

        IValue call(String method, IValue... arguments) {
            // The optimiser specialises on every new shape; it is switched off for each thread.
            JniUtils.setGraphExecutorOptimize(false);
            return kept(IValueUtils.runMethod(block, method, arguments));
        }

        IValue number(long value) {
            return kept(IValue.from(value));
        }

        IValue numbers(long... values) {
            return kept(IValue.listFrom(values));
        }

        IValue decimals(double... values) {
            return kept(IValue.listFrom(values));
        }

        PtNDArray longs(long[] values, long... shape) {
            return (PtNDArray) manager.create(values, new Shape(shape));
        }

        PtNDArray floats(float[] values, long... shape) {
            return (PtNDArray) manager.create(values, new Shape(shape));
        }

        /** Values in native order of a direct buffer, not copied. */
        PtNDArray floats(ByteBuffer direct) {
            return manager.create(direct.order(ByteOrder.nativeOrder()), new Shape(direct.remaining() / Float.BYTES), DataType.FLOAT32);
        }

        /** As {@link #floats(ByteBuffer)}, in this shape. */
        PtNDArray floats(ByteBuffer direct, long... shape) {
            return manager.create(direct.order(ByteOrder.nativeOrder()), new Shape(shape), DataType.FLOAT32);
        }

        /** Raw bytes of a direct buffer, not copied. */
        PtNDArray bytes(ByteBuffer direct) {
            return manager.create(direct.order(ByteOrder.nativeOrder()), new Shape(direct.remaining()), DataType.INT8);
        }

        IValue tensor(PtNDArray tensor) {
            return kept(IValue.from(tensor));
        }

        IValue tensors(List<PtNDArray> tensors) {
            return kept(IValue.listFrom(tensors.toArray(PtNDArray[]::new)));
        }

        float[] toFloats(IValue tensor) {
            try (PtNDArray values = tensor.toTensor(manager)) {
                return values.toFloatArray();
            }
        }

        /** One row of a matrix. */
        float[] toFloats(PtNDArray matrix, int row) {
            try (NDArray values = matrix.get(row)) {
                return values.toFloatArray();
            }
        }

        boolean[] toBooleans(IValue tensor) {
            try (PtNDArray values = tensor.toTensor(manager)) {
                return values.toBooleanArray();
            }
        }

        /** Lives as long as the scope. */
        PtNDArray toTensor(IValue tensor) {
            return tensor.toTensor(manager);
        }

        List<PtNDArray> toTensors(IValue list) {
            return List.of(list.toTensorArray(manager));
        }

        /** The caller closes it, whenever that is. */
        IValue released(IValue value) {
            values.remove(value);
            return value;
        }

        IValue[] toTuple(IValue tuple) {
            IValue[] parts = tuple.toIValueTuple();
            for (IValue part : parts) kept(part);
            return parts;
        }

        private IValue kept(IValue value) {
            values.add(value);
            return value;
        }

        @Override
        public void close() {
            values.forEach(IValue::close);
            manager.close();
        }
    }
}
