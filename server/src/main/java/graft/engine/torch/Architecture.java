package graft.engine.torch;

import graft.weights.ModelConfig;
import graft.weights.ModelConfig.Experts;
import graft.weights.ModelConfig.LatentAttention;
import graft.weights.ModelConfig.Routing;
import graft.weights.RopeScaling;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The one place that knows how a kind of model is laid out for its script: the values of the script's attributes, the
 * order of its weight list, the sites where adapters attach and the widths of its KV pools. Immutable.
 *
 * @param script     resource below {@code torchscript/}
 * @param attributes what the script declares
 * @param weights    in the order of the script's list
 * @param sites      modules that an adapter may change, by their path in a Hugging Face checkpoint
 * @param pools      KV pools of each layer
 * @param operators  whether the script calls our own operators ({@link Operators})
 */
record Architecture(String script, Map<String, Object> attributes, List<Weight> weights, Map<String, Site> sites,
        List<Pool> pools, boolean operators) {

    /**
     * One entry of the weight list.
     *
     * @param names tensors whose rows are stacked; none: an empty tensor
     */
    record Weight(Kind kind, List<String> names) {}

    /**
     * A MATRIX and a TABLE (embedding, head) are kept in the engine's precision, a VECTOR in float32, and what is PLAIN
     * (biases, and matrices used otherwise than by rows) in the type of the activations.
     */
    enum Kind { MATRIX, TABLE, PLAIN, VECTOR }

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
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("layers", config.layers());
        attributes.put("heads", config.attention().heads());
        attributes.put("inner", config.intermediateSize());
        attributes.put("compute", precision.elementType());
        attributes.put("eps", config.normEpsilon());
        attributes.put("block_tokens", blockTokens);
        return switch (config.architecture()) {
            case LLAMA, MISTRAL -> decoder("llama.py", config, attributes);
            case QWEN2 -> decoder("qwen2.py", config, attributes);
            case QWEN3 -> decoder("qwen3.py", config, attributes);
            case DEEPSEEK_V2, DEEPSEEK_V3 -> deepSeek(config, attributes);
            case QWEN3_MOE -> mixture(config, attributes);
            case BERT, ROBERTA, XLM_ROBERTA, NOMIC_BERT -> throw new UnsupportedModelException(
                    "model_type " + config.architecture().modelType() + " is not served by this engine");
        };
    }

    private static Architecture mixture(ModelConfig config, Map<String, Object> attributes) {
        var layout = new Layout(config);
        layout.decoder();
        places(config, layout, attributes);
        experts(config, attributes);
        return decoder("qwen3_moe.py", config, layout, attributes);
    }

    private static Architecture decoder(String script, ModelConfig config, Map<String, Object> attributes) {
        var layout = new Layout(config);
        layout.decoder();
        return decoder(script, config, layout, attributes);
    }

    private static Architecture decoder(String script, ModelConfig config, Layout layout, Map<String, Object> attributes) {
        ModelConfig.Attention attention = config.attention();
        attributes.put("kv_heads", attention.keyValueHeads());
        attributes.put("width", attention.headDim());
        attributes.put("scale", 1 / Math.sqrt(attention.headDim()));
        attributes.put("pools", 2);
        attributes.put("sites", layout.siteCount());
        var pool = new Pool(attention.keyValueHeads(), attention.headDim());
        return new Architecture(script, attributes, layout.weights(), layout.sites(), List.of(pool, pool), false);
    }

    private static Architecture deepSeek(ModelConfig config, Map<String, Object> attributes) {
        var layout = new Layout(config);
        layout.deepSeek();
        LatentAttention latent = config.latentAttention().orElseThrow();
        attributes.put("query_rank", latent.queryRank().orElse(0));
        attributes.put("latent", latent.keyValueRank());
        attributes.put("plain", latent.plainDim());
        attributes.put("rotary", latent.ropeDim());
        attributes.put("interleaved", config.rope().interleaved());
        attributes.put("value", latent.valueDim());
        attributes.put("scale", latentScale(config.rope().scaling(), latent.queryDim()));
        attributes.put("pools", 1);
        attributes.put("sites", layout.siteCount());
        places(config, layout, attributes);
        attributes.put("shared_inner", config.experts().map(each -> each.shared() * each.intermediateSize()).orElse(0));
        experts(config, attributes);
        var pool = new Pool(1, latent.keyValueRank() + latent.ropeDim());
        return new Architecture("deepseek.py", attributes, layout.weights(), layout.sites(), List.of(pool), false);
    }

    /** Where layers begin that are not all alike. */
    private static void places(ModelConfig config, Layout layout, Map<String, Object> attributes) {
        attributes.put("weight_at", layout.weightAt());
        attributes.put("site_at", layout.siteAt());
        attributes.put("sparse", IntStream.range(0, config.layers()).map(layer -> config.sparse(layer) ? 1 : 0).toArray());
    }

    private static void experts(ModelConfig config, Map<String, Object> attributes) {
        Optional<Experts> experts = config.experts();
        boolean second = config.architecture() == ModelConfig.Architecture.DEEPSEEK_V2;
        attributes.put("expert_inner", experts.map(Experts::intermediateSize).orElse(0));
        attributes.put("per_token", experts.map(Experts::perToken).orElse(0));
        attributes.put("expert_groups", experts.filter(each -> each.routing() != Routing.GREEDY).map(Experts::groups).orElse(1));
        attributes.put("top_groups", experts.map(Experts::topGroups).orElse(1));
        attributes.put("sigmoid", experts.filter(each -> each.routing() == Routing.SIGMOID_GROUPS).isPresent());
        // transformers does not normalise for V2, whatever its configuration says.
        attributes.put("normalise", !second && experts.filter(Experts::normalise).isPresent());
        attributes.put("routed_scaling", experts.map(Experts::scaling).orElse(1.0));
    }

    /** DeepSeek multiplies yarn's mscale into the softmax scale, squared (modeling_deepseek_v3.py). */
    private static double latentScale(RopeScaling scaling, int queryDim) {
        double scale = 1 / Math.sqrt(queryDim);
        if (!(scaling instanceof RopeScaling.Yarn yarn) || yarn.mscaleAllDim() == 0 || yarn.factor() <= 1) return scale;
        double mscale = 0.1 * yarn.mscaleAllDim() * Math.log(yarn.factor()) + 1;
        return scale * mscale * mscale;
    }

    /** A sentence encoder. @param first whether the first token's state is the vector, else the mean */
    static Architecture encoder(ModelConfig config, Precision precision, boolean first) {
        var layout = new Layout(config);
        if (config.architecture() == ModelConfig.Architecture.NOMIC_BERT) {
            layout.nomic();
            return encoder("nomic_bert.py", "theta", config.rope().theta(), config, precision, layout, first);
        }
        layout.encoder("");
        return bert(config, precision, layout, first);
    }

    /** With a classifier over the first token, as transformers' BertForSequenceClassification and RoBERTa's have it. */
    static Architecture crossEncoder(ModelConfig config, Precision precision) {
        var layout = new Layout(config);
        boolean plain = config.architecture() == ModelConfig.Architecture.BERT;
        layout.encoder(plain ? "bert." : "roberta.");
        if (plain) layout.classifier("bert.pooler.dense", "classifier");
        else layout.classifier("classifier.dense", "classifier.out_proj");
        return bert(config, precision, layout, true);
    }

    private static Architecture bert(ModelConfig config, Precision precision, Layout layout, boolean first) {
        if (!config.architecture().isEncoder() || config.architecture() == ModelConfig.Architecture.NOMIC_BERT)
            throw new UnsupportedModelException("an embedder or reranker needs model_type bert, roberta, xlm-roberta "
                    + "or, as an embedder, nomic_bert, not " + config.architecture().modelType());
        return encoder("bert.py", "pad", config.firstPosition() - 1, config, precision, layout, first);
    }

    /** @param name of the one attribute that not all encoders have */
    private static Architecture encoder(String script, String name, Object value, ModelConfig config,
            Precision precision, Layout layout, boolean first) {
        Map<String, Object> attributes = Map.of("layers", config.layers(), "heads", config.attention().heads(), "width",
                config.attention().headDim(), "compute", precision.elementType(), "eps", config.normEpsilon(),
                "first", first, name, value);
        return new Architecture(script, attributes, layout.weights(), layout.sites(), List.of(), false);
    }

    /** The same, computed by our own operators. */
    Architecture withOperators() {
        return new Architecture(script, attributes, weights, sites, pools, true);
    }

    /** Sites the script counts; some may be absent from this model. */
    int siteCount() {
        return (Integer) attributes.get("sites");
    }

    /** Bytes of KV that one token takes in all layers. */
    long kvBytesPerToken(Precision precision) {
        int layers = (Integer) attributes.get("layers");
        return (long) layers * precision.bytes() * pools.stream().mapToInt(pool -> pool.heads() * pool.width()).sum();
    }
}
