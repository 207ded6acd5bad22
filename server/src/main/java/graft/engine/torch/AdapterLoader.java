package graft.engine.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import graft.engine.EngineAdapter;
import graft.weights.AdapterTarget;
import graft.weights.PeftAdapter;
import graft.weights.PeftAdapter.EmbeddingLora;
import graft.weights.PeftAdapter.LoraModule;
import graft.weights.PeftAdapter.Replaced;
import graft.weights.PeftAdapter.TrainedTokens;
import graft.weights.Values;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads an adapter's files and lays its tensors out by site and kind as parts/adapters.py wants them. Called on loader
 * threads beside running steps; whatever the script can't apply exactly refuses the adapter by name.
 */
final class AdapterLoader {
    /** How large a rank may be was decided when the adapter was uploaded; the device's memory bounds it here. */
    private static final PeftAdapter.Limits ANY_RANK = new PeftAdapter.Limits(PeftAdapter.Limits.DEFAULT.headerBytes(),
            Integer.MAX_VALUE, PeftAdapter.Limits.DEFAULT.patternSteps());
    /** Tensors of one module; the numbers are those of parts/adapters.py. */
    private static final int KINDS = 8;
    private static final int A = 0;
    private static final int B = 1;
    private static final int CONSTANT = 2;
    private static final int GAIN = 3;
    private static final int WEIGHT = 4;
    private static final int BIAS = 5;
    private static final int TOKENS = 6;
    private static final int ROWS = 7;
    private static final int INT64 = 4;

    private final TorchModule module;
    private final Architecture architecture;
    private final AdapterTarget target;
    private final Precision precision;

    AdapterLoader(TorchModule module, Architecture architecture, AdapterTarget target, Precision precision) {
        this.module = module;
        this.architecture = architecture;
        this.target = target;
        this.precision = precision;
    }

    /** @throws graft.weights.InvalidAdapterException or UnsupportedModelException with what is wrong with it */
    StagedAdapter load(EngineAdapter adapter) {
        Path folder = adapter.files().folder();
        try (Arena memory = Arena.ofConfined(); TorchModule.Scope scope = module.scope()) {
            PeftAdapter files = PeftAdapter.read(folder, target, ANY_RANK, memory);
            var layout = new Layout(scope, memory);
            files.modules().forEach(layout::lora);
            files.embedding().ifPresent(layout::embedding);
            // A module's weight comes before its bias: a bias alone is a change to the base's.
            files.replaced().stream().sorted(Comparator.comparing(Replaced::name).reversed()).forEach(layout::replaced);
            files.trainedTokens().ifPresent(layout::trained);
            if (layout.tensors.isEmpty()) layout.nothing();
            IValue staged = layout.stage();
            boolean dora = files.modules().stream().anyMatch(each -> each.magnitude().isPresent());
            return new StagedAdapter(scope.released(staged), layout.places(), layout.bytes, dora,
                    files.invocationTokens());
        }
    }

    private Architecture.Site site(String path) {
        Architecture.Site site = architecture.sites().get(path);
        if (site == null) throw new UnsupportedModelException("an adapter on " + path + " is not served by this engine");
        return site;
    }

    /** A matrix as bytes: libtorch's number of their type, its rows and a factor. @param type 0: not as bytes */
    private record AsStored(int type, int rows, double scale) {
        static final AsStored NOT = new AsStored(0, 0, 1);
    }

    /** One adapter's tensors while they are gathered, by their places; only what it has. */
    private final class Layout {
        private final TorchModule.Scope scope;
        private final Arena memory;
        private final Map<Integer, PtNDArray> tensors = new LinkedHashMap<>();
        private final Map<Integer, Integer> types = new LinkedHashMap<>();
        private final Map<Integer, AsStored> stored = new HashMap<>();
        private long bytes;

        /** @param memory of the values until they are staged; the collector would free Java's own buffers much later */
        Layout(TorchModule.Scope scope, Arena memory) {
            this.scope = scope;
            this.memory = memory;
        }

        /** For an adapter that only repeats what the base has: libtorch's lists of tensors can't be empty. */
        void nothing() {
            tensors.put(0, scope.floats(new float[0], 0));
            types.put(0, Precision.FLOAT32.elementType());
        }

        IValue stage() {
            List<AsStored> forms = tensors.keySet().stream().map(at -> stored.getOrDefault(at, AsStored.NOT)).toList();
            return scope.call("stage", scope.tensors(List.copyOf(tensors.values())), scope.numbers(places()),
                    scope.numbers(types()), scope.numbers(forms.stream().mapToLong(AsStored::type).toArray()),
                    scope.numbers(forms.stream().mapToLong(AsStored::rows).toArray()),
                    scope.decimals(forms.stream().mapToDouble(AsStored::scale).toArray()));
        }

        long[] places() {
            return tensors.keySet().stream().mapToLong(Integer::longValue).toArray();
        }

        long[] types() {
            return tensors.keySet().stream().mapToLong(types::get).toArray();
        }

        private PtNDArray floats(float[] values, long... shape) {
            return floats(values, 1, shape);
        }

        private PtNDArray floats(float[] values, double scale, long... shape) {
            MemorySegment copy = memory.allocate((long) values.length * Float.BYTES, Float.BYTES);
            if (scale == 1) MemorySegment.copy(values, 0, copy, ValueLayout.JAVA_FLOAT, 0, values.length);
            else for (int i = 0; i < values.length; i++)
                copy.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (values[i] * scale));
            return scope.floats(copy.asByteBuffer(), shape);
        }

        void lora(LoraModule lora) {
            Architecture.Site site = site(lora.path());
            putStored(site, A, lora.a(), lora.rank(), 1);
            putStored(site, B, lora.b(), lora.out(), lora.scale());
            lora.bias().ifPresent(bias -> put(site, CONSTANT, floats(bias, lora.scale(), lora.out()), lora.out()));
            lora.magnitude().ifPresent(magnitude -> {
                PtNDArray a = floats(lora.a().floats(), lora.rank(), lora.in());
                PtNDArray b = floats(lora.b().floats(), lora.scale(), lora.out(), lora.rank());
                IValue made = scope.call("dora", scope.number(site.weight()), scope.number(site.row()), scope.tensor(a),
                        scope.tensor(b), scope.tensor(floats(magnitude, lora.out())));
                List<PtNDArray> gainAndConstant = scope.toTensors(made);
                put(site, GAIN, gainAndConstant.get(0), lora.out());
                put(site, CONSTANT, gainAndConstant.get(1), lora.out());
            });
        }

        /** libtorch reads the mapped file itself. */
        private void putStored(Architecture.Site site, int kind, Values values, int rows, double scale) {
            MemorySegment bytes = values.stored();
            if (!bytes.isNative()) bytes = memory.allocate(bytes.byteSize(), Float.BYTES).copyFrom(bytes);
            put(site, kind, scope.bytes(bytes.asByteBuffer()), values.length());
            int type = switch (values.type()) {
                case BF16 -> Precision.BF16.elementType();
                case F16 -> Precision.FLOAT16.elementType();
                default -> Precision.FLOAT32.elementType();
            };
            stored.put(site.index() * KINDS + kind, new AsStored(type, rows, scale));
        }

        void embedding(EmbeddingLora lora) {
            Architecture.Site site = site("model.embed_tokens");
            float[] rows = new float[lora.a().length]; // [vocabulary, rank], so that a token's row lies together
            for (int r = 0; r < lora.rank(); r++)
                for (int token = 0; token < lora.vocabulary(); token++)
                    rows[token * lora.rank() + r] = lora.a()[r * lora.vocabulary() + token];
            put(site, A, floats(rows, lora.vocabulary(), lora.rank()), rows.length);
            put(site, B, floats(lora.b(), lora.scale(), lora.hidden(), lora.rank()), lora.b().length);
        }

        void replaced(Replaced replaced) {
            int dot = replaced.name().lastIndexOf('.');
            Architecture.Site site = site(replaced.name().substring(0, dot));
            long[] shape = replaced.shape().stream().mapToLong(Long::longValue).toArray();
            PtNDArray values = floats(replaced.values(), shape);
            if (replaced.name().endsWith(".weight")) {
                // PEFT saves embeddings again that it left alone: what the base has already takes no memory.
                if (scope.call("has", scope.number(site.weight()), scope.number(site.row()), scope.tensor(values)).toBoolean()) return;
                put(site, WEIGHT, values, replaced.values().length);
                return;
            }
            if (tensors.containsKey(site.index() * KINDS + WEIGHT)) put(site, BIAS, values, replaced.values().length);
            else put(site, CONSTANT, scope.toTensor(scope.call("bias_change", scope.number(site.weight()),
                    scope.number(site.row()), scope.tensor(values))), replaced.values().length);
        }

        void trained(TrainedTokens trained) {
            rows(site("model.embed_tokens"), trained);
            if (trained.alsoOutput()) rows(site("lm_head"), trained);
        }

        private void rows(Architecture.Site site, TrainedTokens trained) {
            int count = trained.tokens().size();
            long[] ids = trained.tokens().stream().mapToLong(Integer::longValue).toArray();
            put(site, TOKENS, scope.longs(ids, count), count);
            types.put(site.index() * KINDS + TOKENS, INT64);
            put(site, ROWS, floats(trained.rows(), count, trained.rows().length / count), trained.rows().length);
        }

        private void put(Architecture.Site site, int kind, PtNDArray tensor, long elements) {
            int at = site.index() * KINDS + kind;
            boolean exact = site.use() == Architecture.Use.NORM || kind == GAIN || kind == CONSTANT;
            Precision stays = exact ? Precision.FLOAT32 : precision;
            tensors.put(at, tensor);
            types.put(at, stays.elementType());
            bytes += elements * stays.bytes();
        }
    }
}
