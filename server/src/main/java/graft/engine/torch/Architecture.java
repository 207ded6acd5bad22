package graft.engine.torch;

import graft.weights.ModelConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The one place that knows how a kind of model is laid out for its script: the values of the script's attributes, the
 * order of its weight list, the sites where adapters attach and the widths of its KV pools. Immutable.
 *
 * @param script     resource below {@code torchscript/}
 * @param attributes what the script declares
 * @param weights    in the order of the script's list
 * @param sites      modules that an adapter may change, by their path in a Hugging Face checkpoint
 * @param pools      KV pools of each layer
 */
record Architecture(String script, Map<String, Object> attributes, List<Weight> weights, Map<String, Site> sites,
        List<Pool> pools) {

    /**
     * One entry of the weight list.
     *
     * @param names tensors whose rows are stacked; none: an empty tensor
     */
    record Weight(Kind kind, List<String> names) {}

    /** MATRIX is kept in the engine's precision, VECTOR in float32. */
    enum Kind { MATRIX, VECTOR }

    /**
     * @param index  number of the site
     * @param weight the entry of the weight list that holds the module's weight
     * @param row    the module's first row in that entry
     */
    record Site(int index, int weight, int row, Use use) {}

    /** What a module does with its weight. */
    enum Use { EMBEDDING, NORM, LINEAR }

    /** Keys or values of one layer: {@code [slots, heads, width]}. */
    record Pool(int heads, int width) {}

    static Architecture of(ModelConfig config, Precision precision, int blockTokens) {
        var layout = new Layout(config);
        String script = switch (config.architecture()) {
            case LLAMA, MISTRAL -> "llama.py";
            case QWEN2 -> "qwen2.py";
            case QWEN3 -> "qwen3.py";
            case QWEN3_MOE, DEEPSEEK_V2, DEEPSEEK_V3, BERT -> throw new UnsupportedModelException(
                    "model_type " + config.architecture().modelType() + " is not served by this engine");
        };
        layout.decoder();
        ModelConfig.Attention attention = config.attention();
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("layers", config.layers());
        attributes.put("heads", attention.heads());
        attributes.put("kv_heads", attention.keyValueHeads());
        attributes.put("width", attention.headDim());
        attributes.put("inner", config.intermediateSize());
        attributes.put("compute", precision.elementType());
        attributes.put("eps", config.normEpsilon());
        attributes.put("scale", 1 / Math.sqrt(attention.headDim()));
        attributes.put("pools", 2);
        attributes.put("block_tokens", blockTokens);
        attributes.put("sites", layout.sites.size());
        var pool = new Pool(attention.keyValueHeads(), attention.headDim());
        return new Architecture(script, attributes, layout.weights, layout.sites, List.of(pool, pool));
    }

    /** BERT as a sentence encoder. */
    static Architecture encoder(ModelConfig config, Precision precision) {
        if (config.architecture() != ModelConfig.Architecture.BERT)
            throw new UnsupportedModelException("an embedder needs model_type bert, not " + config.architecture().modelType());
        var layout = new Layout(config);
        layout.encoder();
        Map<String, Object> attributes = Map.of("layers", config.layers(), "heads", config.attention().heads(), "width",
                config.attention().headDim(), "compute", precision.elementType(), "eps", config.normEpsilon());
        return new Architecture("bert.py", attributes, layout.weights, layout.sites, List.of());
    }

    /** Bytes of KV that one token takes in all layers. */
    long kvBytesPerToken(Precision precision) {
        int layers = (Integer) attributes.get("layers");
        return (long) layers * precision.bytes() * pools.stream().mapToInt(pool -> pool.heads() * pool.width()).sum();
    }

    /** Collects weights and sites in the order in which the scripts count them. */
    private static final class Layout {
        private final ModelConfig config;
        private final List<Weight> weights = new ArrayList<>();
        private final Map<String, Site> sites = new LinkedHashMap<>();

        Layout(ModelConfig config) {
            this.config = config;
        }

        void decoder() {
            weights.add(new Weight(Kind.MATRIX, List.of("model.embed_tokens.weight")));
            for (int layer = 0; layer < config.layers(); layer++) layer("model.layers." + layer + ".");
            site("model.embed_tokens", 0, 0, Use.EMBEDDING);
            norm("model.norm");
            String head = config.tiedEmbeddings() ? "model.embed_tokens" : "lm_head";
            site("lm_head", weights.size(), 0, Use.LINEAR);
            weights.add(new Weight(Kind.MATRIX, List.of(head + ".weight")));
            bias(List.of(), false);
        }

        void encoder() {
            for (String table : List.of("word", "position", "token_type"))
                weights.add(new Weight(Kind.MATRIX, List.of("embeddings." + table + "_embeddings.weight")));
            layerNorm("embeddings.LayerNorm");
            for (int layer = 0; layer < config.layers(); layer++) {
                String at = "encoder.layer." + layer + ".";
                linear(true, List.of(at + "attention.self.query", at + "attention.self.key", at + "attention.self.value"),
                        config.hiddenSize(), config.hiddenSize(), config.hiddenSize());
                linear(true, List.of(at + "attention.output.dense"), config.hiddenSize());
                layerNorm(at + "attention.output.LayerNorm");
                linear(true, List.of(at + "intermediate.dense"), config.intermediateSize());
                linear(true, List.of(at + "output.dense"), config.hiddenSize());
                layerNorm(at + "output.LayerNorm");
            }
        }

        private void layerNorm(String module) {
            weights.add(new Weight(Kind.VECTOR, List.of(module + ".weight")));
            weights.add(new Weight(Kind.VECTOR, List.of(module + ".bias")));
        }

        private void layer(String at) {
            ModelConfig.Attention attention = config.attention();
            int queries = attention.heads() * attention.headDim();
            int keys = attention.keyValueHeads() * attention.headDim();
            norm(at + "input_layernorm");
            linear(attention.queryKeyValueBias(), List.of(at + "self_attn.q_proj", at + "self_attn.k_proj",
                    at + "self_attn.v_proj"), queries, keys, keys);
            if (attention.queryKeyNorm()) {
                norm(at + "self_attn.q_norm");
                norm(at + "self_attn.k_norm");
            }
            linear(attention.outputBias(), List.of(at + "self_attn.o_proj"), config.hiddenSize());
            norm(at + "post_attention_layernorm");
            linear(config.mlpBias(), List.of(at + "mlp.gate_proj", at + "mlp.up_proj"), config.intermediateSize(),
                    config.intermediateSize());
            linear(config.mlpBias(), List.of(at + "mlp.down_proj"), config.hiddenSize());
        }

        private void norm(String module) {
            site(module, weights.size(), 0, Use.NORM);
            weights.add(new Weight(Kind.VECTOR, List.of(module + ".weight")));
        }

        /** One matrix of stacked modules and its bias. */
        private void linear(boolean biased, List<String> modules, int... rows) {
            int row = 0;
            for (int i = 0; i < rows.length; i++) {
                site(modules.get(i), weights.size(), row, Use.LINEAR);
                row += rows[i];
            }
            weights.add(new Weight(Kind.MATRIX, modules.stream().map(module -> module + ".weight").toList()));
            bias(modules, biased);
        }

        private void bias(List<String> modules, boolean biased) {
            List<String> names = modules.stream().map(module -> module + ".bias").toList();
            weights.add(new Weight(Kind.MATRIX, biased ? names : List.of()));
        }

        private void site(String module, int weight, int row, Use use) {
            sites.put(module, new Site(sites.size(), weight, row, use));
        }
    }
}
