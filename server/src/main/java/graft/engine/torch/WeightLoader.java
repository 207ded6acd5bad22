package graft.engine.torch;

import ai.djl.pytorch.engine.PtNDArray;
import graft.weights.TensorFile;
import graft.weights.TensorFile.ElementType;
import graft.weights.TensorFile.TensorInfo;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Fills a script's weight list from a model's files, each entry in its {@link WeightForm}. */
final class WeightLoader {
    private static final System.Logger LOG = System.getLogger(WeightLoader.class.getName());
    /** A buffer holds at most this many bytes, so larger tensors go over in several. */
    private static final long LARGEST_BUFFER = 1L << 30;
    /** Values that are quantised at a time: what this takes beside the weights is a few times their float32. */
    private static final long VALUES_AT_ONCE = 1L << 24;

    private final TorchModule module;
    private final Architecture architecture;
    private final TensorFile tensors;
    private final Precision precision;
    private final Map<WeightForm, Long> bytes = new EnumMap<>(WeightForm.class);
    private MemorySegment staging = MemorySegment.NULL;

    WeightLoader(TorchModule module, Architecture architecture, TensorFile tensors, Precision precision) {
        this.module = module;
        this.architecture = architecture;
        this.tensors = tensors;
        this.precision = precision;
    }

    /** @throws UnsupportedModelException if a tensor is missing */
    void load() {
        Map<List<String>, Integer> loaded = new HashMap<>();
        for (int i = 0; i < architecture.weights().size(); i++) {
            Architecture.Weight weight = architecture.weights().get(i);
            Integer earlier = weight.names().isEmpty() ? null : loaded.putIfAbsent(weight.names(), i);
            if (earlier == null) add(i, weight);
            else addSame(earlier);
        }
        LOG.log(Level.INFO, "weights loaded precision=" + precision.setting() + " bytes=" + bytes() + " "
                + bytes.entrySet().stream().map(each -> each.getKey().name().toLowerCase() + "_bytes=" + each.getValue())
                .collect(Collectors.joining(" ")));
    }

    /** Memory of what was loaded. */
    long bytes() {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    private void addSame(int earlier) {
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("add_same_weight", scope.number(earlier));
        }
    }

    private void add(int index, Architecture.Weight weight) {
        WeightForm form = WeightForm.of(weight.kind(), precision, weight.names().stream().map(this::tensor).toList());
        if (form == WeightForm.PLAIN) addPlain(weight);
        else addCodes(index, weight.names(), form);
    }

    private void addPlain(Architecture.Weight weight) {
        Precision kept = weight.kind() == Architecture.Kind.VECTOR ? Precision.FLOAT32 : precision;
        int stored = stored(weight.names());
        try (TorchModule.Scope scope = module.scope()) {
            List<PtNDArray> parts = new ArrayList<>();
            if (weight.names().isEmpty()) parts.add(scope.floats(new float[0], 0));
            else if (asBytes(weight.names())) weight.names().forEach(name -> parts.addAll(raw(scope, tensors.bytes(name))));
            else parts.addAll(values(scope, weight.names()));
            scope.call("add_weight", scope.tensors(parts), scope.number(stored), scope.number(kept.elementType()),
                    scope.numbers(shape(weight.names())));
        }
        long elements = weight.names().stream().mapToLong(name -> tensor(name).elements()).sum();
        bytes.merge(WeightForm.PLAIN, elements * kept.bytes(), Long::sum);
    }

    private void addCodes(int index, List<String> names, WeightForm form) {
        long[] shape = shape(names);
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("add_codes", scope.tensor(scope.floats(new float[0], 0)), scope.number(form.bits()),
                    scope.number(form.block()), scope.numbers(shape));
        }
        long row = 0;
        for (String name : names) {
            fill(index, row, name, form);
            row += tensor(name).shape().getFirst();
        }
        try (TorchModule.Scope scope = module.scope()) {
            scope.call("finish", scope.number(index));
        }
        bytes.merge(form, form.bytes(shape[0], shape[1]), Long::sum);
    }

    /** Some rows of a tensor at a time, as they are stored where libtorch can read that. */
    private void fill(int index, long row, String name, WeightForm form) {
        TensorInfo info = tensor(name);
        long rows = info.shape().getFirst();
        long columns = info.shape().getLast();
        boolean stays = form.keeps(info);
        boolean readable = stays || asBytes(List.of(name));
        MemorySegment all = readable ? tensors.bytes(name) : MemorySegment.ofArray(tensors.floats(name));
        long rowBytes = all.byteSize() / rows;
        long atOnce = Math.max(1, VALUES_AT_ONCE / columns);
        for (long from = 0; from < rows; from += atOnce) {
            long count = Math.min(atOnce, rows - from);
            MemorySegment part = all.asSlice(from * rowBytes, count * rowBytes);
            try (TorchModule.Scope scope = module.scope()) {
                PtNDArray given = readable ? scope.bytes(part.asByteBuffer()) : scope.floats(staged(part).asByteBuffer());
                scope.call(stays ? "fill_blocks" : "fill_values", scope.number(index), scope.number(row + from),
                        scope.tensor(given), scope.number(stays ? rowBytes / (columns / form.block()) : stored(List.of(name))),
                        scope.numbers(count, columns));
            }
        }
    }

    private MemorySegment staged(MemorySegment onHeap) {
        if (staging.byteSize() < onHeap.byteSize()) staging = Arena.ofAuto().allocate(onHeap.byteSize(), Float.BYTES);
        return staging.asSlice(0, onHeap.byteSize()).copyFrom(onHeap);
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
        long size = names.stream().mapToLong(name -> tensor(name).elements() * Float.BYTES).sum();
        if (staging.byteSize() < size) staging = Arena.ofAuto().allocate(size, Float.BYTES);
        long at = 0;
        for (String name : names) {
            float[] values = tensors.floats(name);
            MemorySegment.copy(values, 0, staging, ValueLayout.JAVA_FLOAT, at, values.length);
            at += (long) values.length * Float.BYTES;
        }
        List<PtNDArray> parts = new ArrayList<>();
        for (long from = 0; from < size; from += LARGEST_BUFFER)
            parts.add(scope.floats(staging.asSlice(from, Math.min(LARGEST_BUFFER, size - from)).asByteBuffer()));
        return parts;
    }

    private boolean asBytes(List<String> names) {
        return stored(names) != Precision.FLOAT32.elementType() || names.stream().allMatch(name -> tensor(name).type() == ElementType.F32);
    }

    /** Tensors that are all stored in the same plain type go over as bytes, others as float32 values. */
    private int stored(List<String> names) {
        for (Precision each : List.of(Precision.BF16, Precision.FLOAT16)) {
            ElementType type = each == Precision.BF16 ? ElementType.BF16 : ElementType.F16;
            if (!names.isEmpty() && names.stream().allMatch(name -> tensor(name).type() == type)) return each.elementType();
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
}
