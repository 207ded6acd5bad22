package graft.engine.torch;

import ai.djl.pytorch.engine.PtNDArray;
import graft.weights.ModelConfig;
import graft.weights.ModelFiles;
import graft.weights.RopeTable;
import graft.weights.TensorFile;
import graft.weights.TensorFile.ElementType;
import graft.weights.TensorFile.TensorInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Fills a script with a model's weights, rope tables and empty KV pools. */
final class ModelLoader {
    /** A buffer holds at most this many bytes, so larger tensors go over in several. */
    private static final long LARGEST_BUFFER = 1L << 30;

    private final TorchModule module;
    private final Architecture architecture;
    private final TensorFile tensors;
    private final Precision precision;
    private MemorySegment staging = MemorySegment.NULL;

    private ModelLoader(TorchModule module, Architecture architecture, TensorFile tensors, Precision precision) {
        this.module = module;
        this.architecture = architecture;
        this.tensors = tensors;
        this.precision = precision;
    }

    /**
     * @param positions longest sequence that will be served
     * @param slots     tokens that the KV pools hold
     * @throws UnsupportedModelException if a tensor is missing or of a shape the script can't use
     */
    static TorchModule load(ModelFiles files, Architecture architecture, Precision precision, String device,
            int positions, long slots) {
        TorchModule module = loadWeights(files, architecture, precision, device);
        try {
            var loader = new ModelLoader(module, architecture, files.tensors(), precision);
            loader.rope(files.config(), positions);
            loader.pools(files.config().layers(), slots);
            return module;
        } catch (RuntimeException | Error failure) {
            module.close();
            throw failure;
        }
    }

    /** Only the weights: for a script that keeps no KV. */
    static TorchModule loadWeights(ModelFiles files, Architecture architecture, Precision precision, String device) {
        var module = new TorchModule(ScriptArchive.write(architecture.script(), architecture.attributes()), device);
        try {
            new ModelLoader(module, architecture, files.tensors(), precision).weights();
            return module;
        } catch (RuntimeException | Error failure) {
            module.close();
            throw failure;
        }
    }

    private void weights() {
        Map<List<String>, Integer> loaded = new HashMap<>();
        for (int i = 0; i < architecture.weights().size(); i++) {
            Architecture.Weight weight = architecture.weights().get(i);
            Integer earlier = weight.names().isEmpty() ? null : loaded.putIfAbsent(weight.names(), i);
            if (earlier == null) add(weight);
            else addSame(earlier);
        }
    }

    private void addSame(int earlier) {
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("add_same_weight", scope.number(earlier));
        }
    }

    private void add(Architecture.Weight weight) {
        int kept = weight.kind() == Architecture.Kind.MATRIX ? precision.elementType() : Precision.FLOAT32.elementType();
        int stored = stored(weight.names());
        try (TorchModule.Scope scope = module.scope()) {
            List<PtNDArray> parts = new ArrayList<>();
            if (weight.names().isEmpty()) parts.add(scope.floats(new float[0], 0));
            else if (asBytes(weight.names())) weight.names().forEach(name -> parts.addAll(raw(scope, tensors.bytes(name))));
            else parts.addAll(values(scope, weight.names()));
            scope.call("add_weight", scope.tensors(parts), scope.number(stored), scope.number(kept),
                    scope.numbers(shape(weight.names())));
        }
    }

    /** Rows of all, columns of one. */
    private long[] shape(List<String> names) {
        if (names.isEmpty()) return new long[] {0};
        long[] shape = tensor(names.getFirst()).shape().stream().mapToLong(Long::longValue).toArray();
        shape[0] = names.stream().mapToLong(name -> tensor(name).shape().getFirst()).sum();
        return shape;
    }

    /** Through one buffer that is used again and again: fresh memory for each tensor would cost more than the copies. */
    private List<PtNDArray> values(TorchModule.Scope scope, List<String> names) {
        long bytes = names.stream().mapToLong(name -> tensor(name).elements() * Float.BYTES).sum();
        if (staging.byteSize() < bytes) staging = Arena.ofAuto().allocate(bytes, Float.BYTES);
        long at = 0;
        for (String name : names) {
            float[] values = tensors.floats(name);
            MemorySegment.copy(values, 0, staging, ValueLayout.JAVA_FLOAT, at, values.length);
            at += (long) values.length * Float.BYTES;
        }
        List<PtNDArray> parts = new ArrayList<>();
        for (long from = 0; from < bytes; from += LARGEST_BUFFER)
            parts.add(scope.floats(staging.asSlice(from, Math.min(LARGEST_BUFFER, bytes - from)).asByteBuffer()));
        return parts;
    }

    private boolean asBytes(List<String> names) {
        return stored(names) != Precision.FLOAT32.elementType() || names.stream().allMatch(name -> tensor(name).type() == ElementType.F32);
    }

    /** Tensors that are all stored in the same plain type go over as bytes, others as float32 values. */
    private int stored(List<String> names) {
        for (Precision each : Precision.values()) {
            ElementType type = switch (each) {
                case FLOAT32 -> ElementType.F32;
                case BF16 -> ElementType.BF16;
                case FLOAT16 -> ElementType.F16;
            };
            if (!names.isEmpty() && names.stream().allMatch(name -> tensor(name).type() == type))
                return each.elementType();
        }
        return Precision.FLOAT32.elementType();
    }

    private TensorInfo tensor(String name) {
        if (!tensors.has(name)) throw new UnsupportedModelException("the model has no tensor " + name);
        return tensors.info(name);
    }

    private static List<PtNDArray> raw(TorchModule.Scope scope, MemorySegment bytes) {
        List<PtNDArray> parts = new ArrayList<>();
        for (long at = 0; at < bytes.byteSize(); at += LARGEST_BUFFER) {
            long size = Math.min(LARGEST_BUFFER, bytes.byteSize() - at);
            parts.add(scope.bytes(bytes.asSlice(at, size).asByteBuffer()));
        }
        return parts;
    }

    private void rope(ModelConfig config, int positions) {
        RopeTable table = config.rope().table(positions);
        int pairs = table.inverseFrequencies().length;
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("add_rope", scope.tensor(scope.floats(table.cos(positions), positions, pairs)),
                    scope.tensor(scope.floats(table.sin(positions), positions, pairs)));
        }
    }

    private void pools(int layers, long slots) {
        try (TorchModule.Scope scope = module.scope()) {
            for (int layer = 0; layer < layers; layer++) {
                for (Architecture.Pool pool : architecture.pools())
                    scope.call("add_pool", scope.number(slots), scope.number(pool.heads()), scope.number(pool.width()));
            }
        }
    }
}
