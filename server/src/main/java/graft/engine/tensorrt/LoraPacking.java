package graft.engine.tensorrt;

import graft.weights.PeftAdapter;
import graft.weights.PeftAdapter.LoraModule;
import graft.weights.Values;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * PEFT's tensors in the two that TensorRT-LLM's LoraConfig takes ({@code docs/source/advanced/lora.md} of 1.2.1). The
 * scale, of whatever rule, goes into B before the cast. Several adapters are one whose ranks lie behind each other.
 * What the executor can't apply exactly is refused by name. Immutable, safe from any thread.
 */
final class LoraPacking {
    /** TensorRT-LLM's module: its number and its name; gate and up are named the other way round than one expects. */
    private record Kind(int number, String name) {}

    private static final Map<String, Kind> KINDS = Map.of(
            "q_proj", new Kind(1, "attn_q"), "k_proj", new Kind(2, "attn_k"), "v_proj", new Kind(3, "attn_v"),
            "o_proj", new Kind(4, "attn_dense"), "gate_proj", new Kind(5, "mlp_h_to_4h"),
            "down_proj", new Kind(6, "mlp_4h_to_h"), "up_proj", new Kind(7, "mlp_gate"));

    private static final float LARGEST_FLOAT16 = 65504;

    /** The base's own weight of a module, [out, in]. */
    @FunctionalInterface
    interface BaseWeights {
        float[] of(String path);
    }

    /** @param scale the composition's own factor */
    record Part(PeftAdapter adapter, double scale) {}

    private final EngineFolder engine;
    private final BaseWeights base;

    LoraPacking(EngineFolder engine, BaseWeights base) {
        this.engine = engine;
        this.base = base;
    }

    /** @throws UnsupportedEngineException naming the module or field and the reason */
    PackedAdapter pack(List<Part> parts) {
        Map<String, List<LoraModule>> byPath = new LinkedHashMap<>();
        for (Part part : parts) {
            refuseWhatIsNotLora(part.adapter());
            for (LoraModule module : part.adapter().modules()) {
                checkModule(module);
                byPath.computeIfAbsent(module.path(), path -> new ArrayList<>()).add(scaled(module, part.scale()));
            }
        }
        if (byPath.isEmpty()) throw new UnsupportedEngineException("the adapter wraps no module");
        List<LoraModule> rows = byPath.values().stream().map(this::together)
                .sorted(Comparator.comparingInt((LoraModule row) -> kind(row).number()).thenComparingInt(LoraModule::layer))
                .toList();
        return layOut(rows);
    }

    private static void refuseWhatIsNotLora(PeftAdapter adapter) {
        if (adapter.embedding().isPresent()) throw refused("lora_embedding_A: LoRA on the input embedding");
        if (!adapter.replaced().isEmpty()) throw refused(adapter.replaced().getFirst().name() + ": replaced parameters");
        if (adapter.trainedTokens().isPresent()) throw refused("trainable_token_indices");
        if (!adapter.invocationTokens().isEmpty()) throw refused("alora_invocation_tokens: activated LoRA");
    }

    private static UnsupportedEngineException refused(String what) {
        return new UnsupportedEngineException(what + " can't be served by TensorRT-LLM");
    }

    private void checkModule(LoraModule module) {
        Kind kind = KINDS.get(module.kind());
        if (kind == null || module.layer() < 0 || module.path().contains(".experts.")) throw refused(module.path());
        if (module.bias().isPresent()) throw refused(module.path() + ": lora_bias");
        if (!engine.adapterModules().contains(kind.name())) {
            throw new UnsupportedEngineException(module.path() + ": the engine was built without " + kind.name()
                    + " in its LoRA modules");
        }
        if (module.kind().equals("o_proj") && engine.heads() * engine.headSize() != engine.hiddenSize()) {
            throw new UnsupportedEngineException(module.path() + ": TensorRT-LLM declares it " + engine.hiddenSize()
                    + " x " + engine.hiddenSize() + ", this model's is " + module.out() + " x " + module.in());
        }
    }

    private static Kind kind(LoraModule module) {
        return KINDS.get(module.kind());
    }

    private static LoraModule scaled(LoraModule module, double scale) {
        return new LoraModule(module.path(), module.layer(), module.kind(), module.rank(), module.in(), module.out(),
                module.a(), module.b(), module.scale() * scale, module.magnitude(), module.bias());
    }

    /** One row for all the adapters on a module: ranks behind each other, each with its own scale in B. */
    private LoraModule together(List<LoraModule> modules) {
        LoraModule first = modules.getFirst();
        int rank = modules.stream().mapToInt(LoraModule::rank).sum();
        if (rank > engine.maxAdapterRank()) {
            throw new UnsupportedEngineException(first.path() + ": rank " + rank + " exceeds the engine's "
                    + engine.maxAdapterRank());
        }
        if (modules.size() > 1 && modules.stream().anyMatch(module -> module.magnitude().isPresent())) {
            throw refused(first.path() + ": DoRA together with another adapter");
        }
        float[] a = new float[rank * first.in()];
        float[] b = new float[first.out() * rank];
        int from = 0;
        for (LoraModule module : modules) {
            float[] ownA = module.a().floats();
            float[] ownB = module.b().floats();
            System.arraycopy(ownA, 0, a, from * module.in(), ownA.length);
            for (int out = 0; out < module.out(); out++) {
                for (int r = 0; r < module.rank(); r++) {
                    b[out * rank + from + r] = (float) (ownB[out * module.rank() + r] * module.scale());
                }
            }
            from += module.rank();
        }
        return new LoraModule(first.path(), first.layer(), first.kind(), rank, first.in(), first.out(),
                Values.of(a), Values.of(b), 1,
                first.magnitude().map(magnitude -> normalised(first, rank, a, b, magnitude)), first.bias());
    }

    /** TensorRT-LLM multiplies by the magnitude over the norm of W + BA's rows: it never sees W while serving. */
    private float[] normalised(LoraModule module, int rank, float[] a, float[] b, float[] magnitude) {
        float[] weight = base.of(module.path());
        float[] normalised = new float[module.out()];
        float[] row = new float[module.in()];
        for (int out = 0; out < module.out(); out++) {
            System.arraycopy(weight, out * module.in(), row, 0, module.in());
            for (int r = 0; r < rank; r++) {
                float factor = b[out * rank + r];
                for (int in = 0; in < module.in(); in++) row[in] += factor * a[r * module.in() + in];
            }
            double squares = 0;
            for (float value : row) squares += (double) value * value;
            normalised[out] = (float) (magnitude[out] / Math.sqrt(squares));
        }
        return normalised;
    }

    private PackedAdapter layOut(List<LoraModule> rows) {
        int type = switch (engine.type()) {
            case "float16" -> PackedAdapter.FLOAT16;
            case "bfloat16" -> PackedAdapter.BFLOAT16;
            default -> PackedAdapter.FLOAT32;
        };
        int width = rows.stream().mapToInt(LoraPacking::elements).max().orElseThrow();
        int elementBytes = type == PackedAdapter.FLOAT32 ? 4 : 2;
        ByteBuffer weights = Wire.direct(Math.toIntExact((long) rows.size() * width * elementBytes));
        ByteBuffer config = Wire.direct(rows.size() * 16);
        for (int i = 0; i < rows.size(); i++) {
            LoraModule row = rows.get(i);
            weights.position(i * width * elementBytes);
            put(weights, type, row.a().floats());
            put(weights, type, row.b().floats());
            row.magnitude().ifPresent(magnitude -> put(weights, type, magnitude));
            config.putInt(kind(row).number()).putInt(row.layer()).putInt(row.rank())
                    .putInt(row.magnitude().isPresent() ? 1 : 0);
        }
        return new PackedAdapter(type, rows.size(), width, weights.clear(), config.clear());
    }

    private static int elements(LoraModule row) {
        return row.a().length() + row.b().length() + (row.magnitude().isPresent() ? row.out() : 0);
    }

    private static void put(ByteBuffer into, int type, float[] values) {
        for (float value : values) {
            switch (type) {
                case PackedAdapter.FLOAT16 -> {
                    if (Math.abs(value) > LARGEST_FLOAT16) throw refused("the weight " + value + " in float16");
                    into.putShort(Float.floatToFloat16(value));
                }
                case PackedAdapter.BFLOAT16 -> into.putShort(bfloat16(value));
                default -> into.putFloat(value);
            }
        }
    }

    /** To the nearest, ties to even, as torch casts. */
    private static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
