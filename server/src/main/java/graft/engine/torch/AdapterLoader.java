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
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

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
        PeftAdapter files = PeftAdapter.read(adapter.files().folder(), target, ANY_RANK);
        try (TorchModule.Scope scope = module.scope()) {
            var layout = new Layout(scope);
            files.modules().forEach(layout::lora);
            files.embedding().ifPresent(layout::embedding);
            // A module's weight comes before its bias: a bias alone is a change to the base's.
            files.replaced().stream().sorted(Comparator.comparing(Replaced::name).reversed()).forEach(layout::replaced);
            files.trainedTokens().ifPresent(layout::trained);
            IValue staged = scope.call("stage", scope.tensors(Arrays.asList(layout.tensors)),
                    scope.numbers(layout.kept));
            boolean dora = files.modules().stream().anyMatch(each -> each.magnitude().isPresent());
            return new StagedAdapter(scope.released(staged), layout.bytes, dora, files.invocationTokens());
        }
    }

    private Architecture.Site site(String path) {
        Architecture.Site site = architecture.sites().get(path);
        if (site == null) throw new UnsupportedModelException("an adapter on " + path + " is not served by this engine");
        return site;
    }

    /** One adapter's tensors while they are gathered. */
    private final class Layout {
        private final TorchModule.Scope scope;
        private final PtNDArray[] tensors = new PtNDArray[architecture.siteCount() * KINDS];
        private final long[] kept = new long[tensors.length];
        private final PtNDArray absent;
        private long bytes;

        Layout(TorchModule.Scope scope) {
            this.scope = scope;
            absent = scope.floats(new float[0], 0);
            Arrays.fill(tensors, absent);
            Arrays.fill(kept, precision.elementType());
        }

        void lora(LoraModule lora) {
            Architecture.Site site = site(lora.path());
            PtNDArray a = scope.floats(lora.a(), lora.rank(), lora.in());
            PtNDArray b = scope.floats(scaled(lora.b(), lora.scale()), lora.out(), lora.rank());
            put(site, A, a, lora.a().length);
            put(site, B, b, lora.b().length);
            lora.bias().ifPresent(bias -> put(site, CONSTANT, scope.floats(scaled(bias, lora.scale()), lora.out()), lora.out()));
            lora.magnitude().ifPresent(magnitude -> {
                IValue made = scope.call("dora", scope.number(site.weight()), scope.number(site.row()), scope.tensor(a),
                        scope.tensor(b), scope.tensor(scope.floats(magnitude, lora.out())));
                List<PtNDArray> gainAndConstant = scope.toTensors(made);
                put(site, GAIN, gainAndConstant.get(0), lora.out());
                put(site, CONSTANT, gainAndConstant.get(1), lora.out());
            });
        }

        void embedding(EmbeddingLora lora) {
            Architecture.Site site = site("model.embed_tokens");
            float[] rows = new float[lora.a().length]; // [vocabulary, rank], so that a token's row lies together
            for (int r = 0; r < lora.rank(); r++)
                for (int token = 0; token < lora.vocabulary(); token++)
                    rows[token * lora.rank() + r] = lora.a()[r * lora.vocabulary() + token];
            put(site, A, scope.floats(rows, lora.vocabulary(), lora.rank()), rows.length);
            put(site, B, scope.floats(scaled(lora.b(), lora.scale()), lora.hidden(), lora.rank()), lora.b().length);
        }

        void replaced(Replaced replaced) {
            int dot = replaced.name().lastIndexOf('.');
            Architecture.Site site = site(replaced.name().substring(0, dot));
            long[] shape = replaced.shape().stream().mapToLong(Long::longValue).toArray();
            PtNDArray values = scope.floats(replaced.values(), shape);
            if (replaced.name().endsWith(".weight")) {
                // PEFT saves embeddings again that it left alone: what the base has already takes no memory.
                if (scope.call("has", scope.number(site.weight()), scope.number(site.row()), scope.tensor(values)).toBoolean()) return;
                put(site, WEIGHT, values, replaced.values().length);
                return;
            }
            if (tensors[site.index() * KINDS + WEIGHT] != absent) put(site, BIAS, values, replaced.values().length);
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
            kept[site.index() * KINDS + TOKENS] = INT64;
            put(site, ROWS, scope.floats(trained.rows(), count, trained.rows().length / count), trained.rows().length);
        }

        private void put(Architecture.Site site, int kind, PtNDArray tensor, long elements) {
            int at = site.index() * KINDS + kind;
            boolean exact = site.use() == Architecture.Use.NORM || kind == GAIN || kind == CONSTANT;
            Precision stays = exact ? Precision.FLOAT32 : precision;
            tensors[at] = tensor;
            kept[at] = stays.elementType();
            bytes += elements * stays.bytes();
        }
    }

    private static float[] scaled(float[] values, double scale) {
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) scaled[i] = (float) (values[i] * scale);
        return scaled;
    }
}
