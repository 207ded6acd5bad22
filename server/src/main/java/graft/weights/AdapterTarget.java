package graft.weights;

import graft.weights.ModelConfig.Attention;
import graft.weights.ModelConfig.Experts;
import graft.weights.ModelConfig.LatentAttention;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What of a base model an adapter can touch: its modules by Hugging Face path with the sizes of their inputs and
 * outputs, and all its parameters with their shapes. Derived from the configuration alone, so that an upload can be
 * proved without the weights. Immutable.
 */
public final class AdapterTarget {
    static final String EMBEDDING = "model.embed_tokens";
    static final String HEAD = "lm_head";

    /**
     * A module that LoRA can wrap.
     *
     * @param path     as {@code model.layers.3.self_attn.q_proj}
     * @param layer    -1 outside the layers
     * @param kind     the last word of the path
     * @param in       size of its input; the vocabulary for the embedding
     * @param perhaps  a router or expert: a linear module for some trainers only, so that an adapter may leave it out
     */
    public record Module(String path, int layer, String kind, int in, int out, boolean embedding, boolean perhaps) {}

    private final Map<String, Module> modules = new LinkedHashMap<>();
    private final Map<String, List<Long>> parameters = new LinkedHashMap<>();
    private final ModelConfig config;

    private AdapterTarget(ModelConfig config) {
        this.config = config;
        int hidden = config.hiddenSize();
        module(EMBEDDING, -1, config.vocabularySize(), hidden, true, false);
        parameters.put(EMBEDDING + ".weight", shape(config.vocabularySize(), hidden));
        for (int layer = 0; layer < config.layers(); layer++) {
            String path = "model.layers." + layer + ".";
            norm(path + "input_layernorm", hidden);
            norm(path + "post_attention_layernorm", hidden);
            if (config.latentAttention().isPresent()) {
                latentAttention(path + "self_attn.", layer, config, config.latentAttention().get());
            } else {
                attention(path + "self_attn.", layer, config);
            }
            if (config.sparse(layer)) experts(path + "mlp.", layer, hidden, config.experts().orElseThrow());
            else feedForward(path + "mlp.", layer, hidden, config.intermediateSize(), config.mlpBias(), false);
        }
        norm("model.norm", hidden);
        linear(HEAD, -1, hidden, config.vocabularySize(), false, false);
    }

    /** @throws InvalidAdapterException for an architecture that takes no adapters: encoders */
    public static AdapterTarget of(ModelConfig config) {
        if (config.architecture().isEncoder()) {
            throw new InvalidAdapterException("adapters for " + config.architecture().modelType()
                    + " models are not supported");
        }
        return new AdapterTarget(config);
    }

    private void attention(String path, int layer, ModelConfig config) {
        Attention attention = config.attention();
        int hidden = config.hiddenSize();
        int queries = attention.heads() * attention.headDim();
        int keys = attention.keyValueHeads() * attention.headDim();
        linear(path + "q_proj", layer, hidden, queries, attention.queryKeyValueBias(), false);
        linear(path + "k_proj", layer, hidden, keys, attention.queryKeyValueBias(), false);
        linear(path + "v_proj", layer, hidden, keys, attention.queryKeyValueBias(), false);
        linear(path + "o_proj", layer, queries, hidden, attention.outputBias(), false);
        if (attention.queryKeyNorm()) {
            norm(path + "q_norm", attention.headDim());
            norm(path + "k_norm", attention.headDim());
        }
    }

    private void latentAttention(String path, int layer, ModelConfig config, LatentAttention latent) {
        int hidden = config.hiddenSize();
        int heads = config.attention().heads();
        if (latent.queryRank().isPresent()) {
            linear(path + "q_a_proj", layer, hidden, latent.queryRank().getAsInt(), false, false);
            norm(path + "q_a_layernorm", latent.queryRank().getAsInt());
            linear(path + "q_b_proj", layer, latent.queryRank().getAsInt(), heads * latent.queryDim(), false, false);
        } else {
            linear(path + "q_proj", layer, hidden, heads * latent.queryDim(), false, false);
        }
        linear(path + "kv_a_proj_with_mqa", layer, hidden, latent.keyValueRank() + latent.ropeDim(), false, false);
        norm(path + "kv_a_layernorm", latent.keyValueRank());
        linear(path + "kv_b_proj", layer, latent.keyValueRank(), heads * (latent.plainDim() + latent.valueDim()),
                false, false);
        linear(path + "o_proj", layer, heads * latent.valueDim(), hidden, false, false);
    }

    private void experts(String path, int layer, int hidden, Experts experts) {
        linear(path + "gate", layer, hidden, experts.count(), false, true);
        for (int expert = 0; expert < experts.count(); expert++) {
            feedForward(path + "experts." + expert + ".", layer, hidden, experts.intermediateSize(), false, true);
        }
        if (experts.shared() > 0) {
            feedForward(path + "shared_experts.", layer, hidden, experts.shared() * experts.intermediateSize(), false,
                    false);
        }
    }

    private void feedForward(String path, int layer, int hidden, int intermediate, boolean bias, boolean perhaps) {
        linear(path + "gate_proj", layer, hidden, intermediate, bias, perhaps);
        linear(path + "up_proj", layer, hidden, intermediate, bias, perhaps);
        linear(path + "down_proj", layer, intermediate, hidden, bias, perhaps);
    }

    private void linear(String path, int layer, int in, int out, boolean bias, boolean perhaps) {
        module(path, layer, in, out, false, perhaps);
        parameters.put(path + ".weight", shape(out, in));
        if (bias) parameters.put(path + ".bias", List.of((long) out));
    }

    private void module(String path, int layer, int in, int out, boolean embedding, boolean perhaps) {
        modules.put(path, new Module(path, layer, path.substring(path.lastIndexOf('.') + 1), in, out, embedding,
                perhaps));
    }

    private void norm(String path, int size) {
        parameters.put(path + ".weight", List.of((long) size));
    }

    private static List<Long> shape(long rows, long columns) {
        return List.of(rows, columns);
    }

    /** All modules by path, layer by layer. */
    public Map<String, Module> modules() {
        return Collections.unmodifiableMap(modules);
    }

    /** The shape of one of the base's parameters; empty for one that it does not have. */
    public Optional<List<Long>> parameter(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    ModelConfig config() {
        return config;
    }

    Map<String, List<Long>> parameters() {
        return Collections.unmodifiableMap(parameters);
    }

    /** Whether the output head is the embedding's own matrix. */
    public boolean tiedEmbeddings() {
        return config.tiedEmbeddings();
    }
}
