package graft.engine.torch;

import graft.weights.ModelConfig;
import graft.weights.ModelConfig.Experts;
import graft.weights.ModelConfig.LatentAttention;
import graft.weights.ModelConfig.Routing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects weights and sites in the order in which the scripts count them. */
final class Layout {
    private final ModelConfig config;
    private final List<Architecture.Weight> weights = new ArrayList<>();
    private final Map<String, Architecture.Site> sites = new LinkedHashMap<>();
    private final List<Integer> weightAt = new ArrayList<>();
    private final List<Integer> siteAt = new ArrayList<>();
    private int nextSite;

    Layout(ModelConfig config) {
        this.config = config;
    }

    List<Architecture.Weight> weights() {
        return weights;
    }

    Map<String, Architecture.Site> sites() {
        return sites;
    }

    int siteCount() {
        return nextSite;
    }

    /** First weight of each layer, then of the head. */
    int[] weightAt() {
        return weightAt.stream().mapToInt(Integer::intValue).toArray();
    }

    /** First site of each layer, then of embedding, norm and head. */
    int[] siteAt() {
        return siteAt.stream().mapToInt(Integer::intValue).toArray();
    }

    void decoder() {
        weights.add(new Architecture.Weight(Architecture.Kind.TABLE, List.of("model.embed_tokens.weight")));
        for (int layer = 0; layer < config.layers(); layer++) {
            weightAt.add(weights.size());
            siteAt.add(nextSite);
            layer("model.layers." + layer + ".", config.sparse(layer));
        }
        end();
    }

    private void end() {
        siteAt.add(nextSite);
        site("model.embed_tokens", 0, 0, Architecture.Use.EMBEDDING);
        weightAt.add(weights.size());
        norm("model.norm");
        head();
    }

    private void head() {
        String head = config.tiedEmbeddings() ? "model.embed_tokens" : "lm_head";
        site("lm_head", weights.size(), 0, Architecture.Use.LINEAR);
        weights.add(new Architecture.Weight(Architecture.Kind.TABLE, List.of(head + ".weight")));
        bias(List.of(), false);
    }

    void deepSeek() {
        weights.add(new Architecture.Weight(Architecture.Kind.TABLE, List.of("model.embed_tokens.weight")));
        for (int layer = 0; layer < config.layers(); layer++) {
            weightAt.add(weights.size());
            siteAt.add(nextSite);
            latentAttention("model.layers." + layer + ".");
            if (config.sparse(layer)) experts("model.layers." + layer + ".mlp.", config.experts().orElseThrow());
            else feedForward("model.layers." + layer + ".mlp.", config.intermediateSize());
        }
        end();
    }

    private void latentAttention(String at) {
        LatentAttention latent = config.latentAttention().orElseThrow();
        int heads = config.attention().heads();
        norm(at + "input_layernorm");
        if (latent.queryRank().isPresent()) {
            linear(false, List.of(at + "self_attn.q_a_proj"), latent.queryRank().getAsInt());
            norm(at + "self_attn.q_a_layernorm");
            linear(false, List.of(at + "self_attn.q_b_proj"), heads * latent.queryDim());
        } else {
            for (int i = 0; i < 3; i++) absent(); // q_a, its bias and its norm
            nextSite += 2;
            linear(false, List.of(at + "self_attn.q_proj"), heads * latent.queryDim());
        }
        linear(false, List.of(at + "self_attn.kv_a_proj_with_mqa"), latent.keyValueRank() + latent.ropeDim());
        norm(at + "self_attn.kv_a_layernorm");
        absorbed(at + "self_attn.kv_b_proj");
        linear(false, List.of(at + "self_attn.o_proj"), config.hiddenSize());
        norm(at + "post_attention_layernorm");
    }

    private void feedForward(String at, int inner) {
        linear(false, List.of(at + "gate_proj", at + "up_proj"), inner, inner);
        linear(false, List.of(at + "down_proj"), config.hiddenSize());
    }

    /** Shared experts, router, correction bias, then all routed experts in one matrix a kind. */
    private void experts(String at, Experts experts) {
        if (experts.shared() > 0) feedForward(at + "shared_experts.", experts.shared() * experts.intermediateSize());
        else {
            for (int i = 0; i < 4; i++) absent();
            nextSite += 3;
        }
        site(at + "gate", weights.size(), 0, Architecture.Use.LINEAR);
        weights.add(new Architecture.Weight(Architecture.Kind.VECTOR, List.of(at + "gate.weight")));
        if (experts.routing() == Routing.SIGMOID_GROUPS)
            weights.add(new Architecture.Weight(Architecture.Kind.VECTOR, List.of(at + "gate.e_score_correction_bias")));
        else absent();
        int inner = experts.intermediateSize();
        List<String> gateAndUp = new ArrayList<>();
        List<String> down = new ArrayList<>();
        for (int e = 0; e < experts.count(); e++) {
            String expert = at + "experts." + e + ".";
            site(expert + "gate_proj", weights.size(), e * 2 * inner, Architecture.Use.LINEAR);
            site(expert + "up_proj", weights.size(), (e * 2 + 1) * inner, Architecture.Use.LINEAR);
            site(expert + "down_proj", weights.size() + 2, e * config.hiddenSize(), Architecture.Use.LINEAR);
            gateAndUp.addAll(List.of(expert + "gate_proj.weight", expert + "up_proj.weight"));
            down.add(expert + "down_proj.weight");
        }
        weights.add(new Architecture.Weight(Architecture.Kind.MATRIX, gateAndUp));
        absent();
        weights.add(new Architecture.Weight(Architecture.Kind.MATRIX, down));
        absent();
    }

    private void absent() {
        weights.add(new Architecture.Weight(Architecture.Kind.PLAIN, List.of()));
    }

    /** @param prefix of the tensors' names */
    void encoder(String prefix) {
        for (String table : List.of("word", "position", "token_type"))
            weights.add(new Architecture.Weight(Architecture.Kind.PLAIN, List.of(prefix + "embeddings." + table
                    + "_embeddings.weight")));
        layerNorm(prefix + "embeddings.LayerNorm");
        for (int layer = 0; layer < config.layers(); layer++) {
            String at = prefix + "encoder.layer." + layer + ".";
            linear(true, List.of(at + "attention.self.query", at + "attention.self.key", at + "attention.self.value"),
                    config.hiddenSize(), config.hiddenSize(), config.hiddenSize());
            linear(true, List.of(at + "attention.output.dense"), config.hiddenSize());
            layerNorm(at + "attention.output.LayerNorm");
            linear(true, List.of(at + "intermediate.dense"), config.intermediateSize());
            linear(true, List.of(at + "output.dense"), config.hiddenSize());
            layerNorm(at + "output.LayerNorm");
        }
    }

    /** @param dense over the first token; @param last over that */
    void classifier(String dense, String last) {
        linear(true, List.of(dense), config.hiddenSize());
        linear(true, List.of(last), 1);
    }

    /** In flash-attn's names, as nomic-ai publishes them. */
    void nomic() {
        for (String table : List.of("word", "token_type"))
            weights.add(new Architecture.Weight(Architecture.Kind.PLAIN, List.of("embeddings." + table
                    + "_embeddings.weight")));
        layerNorm("emb_ln");
        for (int layer = 0; layer < config.layers(); layer++) {
            String at = "encoder.layers." + layer + ".";
            linear(false, List.of(at + "attn.Wqkv"), 3 * config.hiddenSize());
            linear(false, List.of(at + "attn.out_proj"), config.hiddenSize());
            layerNorm(at + "norm1");
            linear(false, List.of(at + "mlp.fc11", at + "mlp.fc12"), config.intermediateSize(),
                    config.intermediateSize());
            linear(false, List.of(at + "mlp.fc2"), config.hiddenSize());
            layerNorm(at + "norm2");
        }
    }

    private void layerNorm(String module) {
        weights.add(new Architecture.Weight(Architecture.Kind.VECTOR, List.of(module + ".weight")));
        weights.add(new Architecture.Weight(Architecture.Kind.VECTOR, List.of(module + ".bias")));
    }

    private void layer(String at, boolean sparse) {
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
        if (sparse) {
            experts(at + "mlp.", config.experts().orElseThrow());
            return;
        }
        linear(config.mlpBias(), List.of(at + "mlp.gate_proj", at + "mlp.up_proj"), config.intermediateSize(),
                config.intermediateSize());
        linear(config.mlpBias(), List.of(at + "mlp.down_proj"), config.hiddenSize());
    }

    private void norm(String module) {
        site(module, weights.size(), 0, Architecture.Use.NORM);
        weights.add(new Architecture.Weight(Architecture.Kind.VECTOR, List.of(module + ".weight")));
    }

    /** One matrix of stacked modules and its bias. */
    private void linear(boolean biased, List<String> modules, int... rows) {
        int row = 0;
        for (int i = 0; i < rows.length; i++) {
            site(modules.get(i), weights.size(), row, Architecture.Use.LINEAR);
            row += rows[i];
        }
        weights.add(new Architecture.Weight(Architecture.Kind.MATRIX, modules.stream().map(module -> module + ".weight").toList()));
        bias(modules, biased);
    }

    /** Taken apart by heads and used in both directions (parts/latent.py), so it is never quantised; it is small. */
    private void absorbed(String module) {
        site(module, weights.size(), 0, Architecture.Use.LINEAR);
        weights.add(new Architecture.Weight(Architecture.Kind.PLAIN, List.of(module + ".weight")));
        absent();
    }

    private void bias(List<String> modules, boolean biased) {
        List<String> names = modules.stream().map(module -> module + ".bias").toList();
        weights.add(new Architecture.Weight(Architecture.Kind.PLAIN, biased ? names : List.of()));
    }

    private void site(String module, int weight, int row, Architecture.Use use) {
        sites.put(module, new Architecture.Site(nextSite++, weight, row, use));
    }
}
