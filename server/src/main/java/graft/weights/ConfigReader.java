package graft.weights;

import graft.weights.ModelConfig.Activation;
import graft.weights.ModelConfig.Architecture;
import graft.weights.ModelConfig.Attention;
import graft.weights.ModelConfig.Experts;
import graft.weights.ModelConfig.LatentAttention;
import graft.weights.ModelConfig.Rope;
import graft.weights.ModelConfig.Routing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Reads config.json with transformers' own defaults; one instance a folder, not for sharing. */
final class ConfigReader {
    private static final int LARGEST = 16 << 20;
    static final int LARGEST_SIZE = 1 << 24;
    private static final double DEFAULT_THETA = 10_000;
    /** Fields that change the arithmetic and are not built: refused unless they ask for nothing. */
    private static final List<String> UNSUPPORTED = List.of("quantization_config", "attn_logit_softcapping",
            "final_logit_softcapping", "logit_scale", "logits_scaling", "residual_multiplier", "embedding_multiplier",
            "attention_multiplier", "query_pre_attn_scalar", "vision_config", "text_config", "adapter_fusion",
            "is_decoder", "add_cross_attention", "is_encoder_decoder", "index_topk", "no_rope_layers",
            "attention_chunk_size", "dual_chunk_attention_config");
    /** Fields that are read here or say nothing about the arithmetic of inference. */
    private static final Set<String> KNOWN = Set.of("architectures", "model_type", "attention_bias",
            "attention_dropout", "bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype", "head_dim",
            "hidden_act", "hidden_size", "initializer_range", "intermediate_size", "max_position_embeddings",
            "mlp_bias", "num_attention_heads", "num_hidden_layers", "num_key_value_heads", "pretraining_tp",
            "rms_norm_eps", "layer_norm_eps", "rope_parameters", "rope_theta", "rope_scaling", "tie_word_embeddings",
            "transformers_version", "use_cache", "vocab_size", "layer_types", "max_window_layers", "sliding_window",
            "use_sliding_window", "partial_rotary_factor", "original_max_position_embeddings", "rope_interleave",
            "first_k_dense_replace", "kv_lora_rank", "q_lora_rank", "moe_intermediate_size", "n_group",
            "n_routed_experts", "n_shared_experts", "norm_topk_prob", "num_experts_per_tok", "output_router_logits",
            "qk_head_dim", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "routed_scaling_factor", "topk_group",
            "topk_method", "scoring_func", "num_nextn_predict_layers", "num_mtp_layers", "decoder_sparse_step",
            "mlp_only_layers", "num_experts", "num_local_experts", "router_aux_loss_coef", "aux_loss_alpha", "seq_aux",
            "moe_layer_freq", "ep_size", "position_embedding_type", "type_vocab_size", "attention_probs_dropout_prob",
            "hidden_dropout_prob", "classifier_dropout", "gradient_checkpointing", "_name_or_path", "auto_map",
            "_attn_implementation_autoset", "unsloth_version", "unsloth_fixed", "transformers.js_config",
            "is_llama_config");

    private final Path folder;
    private final JsonFields fields;
    private final Architecture architecture;

    ConfigReader(Path folder) {
        this.folder = folder;
        this.fields = readJson(folder, "config.json")
                .orElseThrow(() -> new InvalidModelException(folder.resolve("config.json") + " is missing"));
        String modelType = fields.string("model_type").orElseThrow(() -> fields.missing("model_type"));
        this.architecture = Architecture.of(modelType)
                .orElseThrow(() -> fields.refused("model_type", "is not supported; llama, mistral, "
                        + "qwen2, qwen3, qwen3_moe, deepseek_v2, deepseek_v3, bert, roberta, xlm-roberta "
                        + "and nomic_bert are"));
    }

    /** A JSON file of a model's folder; empty where it does not exist. */
    static Optional<JsonFields> readJson(Path folder, String name) {
        Path file = folder.resolve(name);
        if (!Files.isRegularFile(file)) return Optional.empty();
        try {
            if (Files.size(file) > LARGEST) {
                throw new InvalidModelException(name + " is larger than " + LARGEST + " bytes");
            }
            return Optional.of(JsonFields.parse(name, Files.readAllBytes(file), InvalidModelException::new));
        } catch (IOException unreadable) {
            throw new InvalidModelException(file + " can't be read", unreadable);
        }
    }

    /** A JSON file that is a list, as the field {@code list}; empty where it does not exist. */
    static Optional<JsonFields> readJsonList(Path folder, String name) {
        Path file = folder.resolve(name);
        if (!Files.isRegularFile(file)) return Optional.empty();
        try {
            if (Files.size(file) > LARGEST) {
                throw new InvalidModelException(name + " is larger than " + LARGEST + " bytes");
            }
            return Optional.of(JsonFields.parse(name, ("{\"list\":" + Files.readString(file) + "}")
                    .getBytes(StandardCharsets.UTF_8), InvalidModelException::new));
        } catch (IOException unreadable) {
            throw new InvalidModelException(file + " can't be read", unreadable);
        }
    }

    ModelConfig read() {
        refuseUnsupported();
        List<String> unknown = fields.names().stream().filter(name -> !KNOWN.contains(name)
                && !(architecture.isEncoder() && EncoderConfig.KNOWN.contains(name)) && !fields.asksForNothing(name))
                .toList();
        if (architecture.isEncoder()) return new EncoderConfig(fields, architecture).read(unknown);
        int layers = size("num_hidden_layers");
        if (layers > ModelConfig.MOST_LAYERS) throw fields.refused("num_hidden_layers", "is out of range");
        Optional<LatentAttention> latent = latentAttention();
        Attention attention = attention(latent);
        int rotated = latent.map(LatentAttention::ropeDim).orElse(attention.headDim());
        boolean interleaved = architecture == Architecture.DEEPSEEK_V2
                || architecture == Architecture.DEEPSEEK_V3 && fields.flag("rope_interleave", true);
        return new ModelConfig(architecture, size("hidden_size"), layers, size("intermediate_size"), size("vocab_size"),
                size("max_position_embeddings"), attention, rope(rotated, interleaved),
                positive("rms_norm_eps", 1e-6), activation(), fields.flag("mlp_bias", false),
                fields.flag("tie_word_embeddings", false), latent, experts(layers), 0, 0, beginToken(), endTokens(),
                fields.string("dtype").or(() -> fields.string("torch_dtype")), unknown);
    }

    private void refuseUnsupported() {
        for (String name : UNSUPPORTED) {
            if (!fields.asksForNothing(name)) throw fields.refused(name, "is not supported");
        }
        if (fields.number("partial_rotary_factor", 1) != 1) {
            throw fields.refused("partial_rotary_factor", "is not supported");
        }
        if (!fields.string("position_embedding_type").orElse("absolute").equals("absolute")) {
            throw fields.refused("position_embedding_type", "is not supported");
        }
        fields.strings("layer_types").ifPresent(types -> {
            if (!types.stream().allMatch("full_attention"::equals)) {
                throw fields.refused("layer_types", "is not supported: only full_attention is");
            }
        });
        refuseSlidingWindow();
    }

    private void refuseSlidingWindow() {
        boolean mistral = architecture == Architecture.MISTRAL;
        if (!mistral && !fields.flag("use_sliding_window", false)) return;
        boolean absent = !fields.names().contains("sliding_window");
        if (!absent && !fields.has("sliding_window")) return;
        int window = fields.integer("sliding_window", 4096);
        boolean byLayer = architecture == Architecture.QWEN2 || architecture == Architecture.QWEN3;
        boolean reachesNoLayer = byLayer && fields.integer("max_window_layers", 28) >= size("num_hidden_layers");
        if (window < size("max_position_embeddings") && !reachesNoLayer) {
            throw new InvalidModelException("config.json: sliding_window=" + window + (absent ? " (the default)" : "")
                    + " is in use and not supported: it is shorter than max_position_embeddings");
        }
    }

    private Attention attention(Optional<LatentAttention> latent) {
        int heads = size("num_attention_heads");
        int keyValueHeads = fields.integer("num_key_value_heads", heads);
        if (keyValueHeads < 1 || heads % keyValueHeads != 0) {
            throw fields.refused("num_key_value_heads", "does not divide num_attention_heads=" + heads);
        }
        if (!fields.has("head_dim") && latent.isEmpty() && size("hidden_size") % heads != 0) {
            throw fields.refused("num_attention_heads", "does not divide hidden_size, and head_dim is missing");
        }
        int headDim = latent.map(LatentAttention::queryDim)
                .orElseGet(() -> fields.has("head_dim") ? size("head_dim") : size("hidden_size") / heads);
        if (headDim % 2 != 0) throw new InvalidModelException("config.json: head_dim=" + headDim + " is odd");
        boolean bias = fields.flag("attention_bias", false);
        return switch (architecture) {
            case QWEN2 -> new Attention(heads, keyValueHeads, headDim, true, false, false);
            case QWEN3, QWEN3_MOE -> new Attention(heads, keyValueHeads, headDim, bias, bias, true);
            case LLAMA -> new Attention(heads, keyValueHeads, headDim, bias, bias, false);
            case MISTRAL -> new Attention(heads, keyValueHeads, headDim, false, false, false);
            case DEEPSEEK_V2, DEEPSEEK_V3 -> {
                if (bias) throw fields.refused("attention_bias", "is not supported for " + architecture.modelType());
                yield new Attention(heads, keyValueHeads, headDim, false, false, false);
            }
            case BERT, ROBERTA, XLM_ROBERTA, NOMIC_BERT ->
                throw new IllegalStateException("an encoder: " + architecture);
        };
    }

    private Rope rope(int dimension, boolean interleaved) {
        Optional<JsonFields> parameters = fields.object("rope_parameters").or(() -> fields.object("rope_scaling"));
        double theta = parameters.filter(rope -> rope.has("rope_theta")).map(rope -> rope.number("rope_theta"))
                .orElseGet(() -> fields.number("rope_theta", DEFAULT_THETA));
        if (!(theta > 1) || Double.isInfinite(theta)) {
            throw new InvalidModelException("config.json: rope_theta=" + theta + " is out of range");
        }
        RopeScaling scaling = parameters.map(rope -> ropeScaling(rope)).orElseGet(RopeScaling.None::new);
        return new Rope(theta, dimension, scaling, interleaved);
    }

    private RopeScaling ropeScaling(JsonFields rope) {
        Optional<Integer> original = fields.has("original_max_position_embeddings")
                ? Optional.of(size("original_max_position_embeddings")) : Optional.empty();
        return RopeReader.read(rope, original, size("max_position_embeddings"));
    }

    private Activation activation() {
        if (fields.string("hidden_act").orElse("silu").equals("silu")) return Activation.SILU;
        throw fields.refused("hidden_act", "is not supported for " + architecture.modelType());
    }

    private Optional<LatentAttention> latentAttention() {
        if (architecture != Architecture.DEEPSEEK_V2 && architecture != Architecture.DEEPSEEK_V3) {
            return Optional.empty();
        }
        OptionalInt queryRank = fields.has("q_lora_rank") ? OptionalInt.of(size("q_lora_rank")) : OptionalInt.empty();
        return Optional.of(new LatentAttention(queryRank, size("kv_lora_rank"), size("qk_nope_head_dim"),
                size("qk_rope_head_dim"), size("v_head_dim")));
    }

    private Optional<Experts> experts(int layers) {
        return switch (architecture) {
            case DEEPSEEK_V2, DEEPSEEK_V3 -> Optional.of(deepseekExperts(layers));
            case QWEN3_MOE -> {
                int step = size("decoder_sparse_step", 1);
                Set<Integer> dense = Set.copyOf(fields.integers("mlp_only_layers").orElse(List.of()));
                Set<Integer> sparse = new HashSet<>(IntStream.range(0, layers)
                        .filter(layer -> (layer + 1) % step == 0 && !dense.contains(layer)).boxed().toList());
                int count = fields.has("num_experts") ? size("num_experts") : size("num_local_experts");
                yield Optional.of(proved(new Experts(count, size("num_experts_per_tok", 8),
                        size("moe_intermediate_size"), 0, 1, 1,
                        Routing.GREEDY, fields.flag("norm_topk_prob", false), 1, sparse)));
            }
            case LLAMA, MISTRAL, QWEN2, QWEN3, BERT, ROBERTA, XLM_ROBERTA, NOMIC_BERT -> Optional.empty();
        };
    }

    private Experts deepseekExperts(int layers) {
        boolean third = architecture == Architecture.DEEPSEEK_V3;
        String method = fields.string("topk_method").orElse(third ? "noaux_tc" : "greedy");
        String scoring = fields.string("scoring_func").orElse(third ? "sigmoid" : "softmax");
        if (!scoring.equals(third ? "sigmoid" : "softmax")) {
            throw fields.refused("scoring_func", "is not supported for " + architecture.modelType());
        }
        if (fields.integer("moe_layer_freq", 1) != 1) throw fields.refused("moe_layer_freq", "is not supported");
        Routing routing = switch (method) {
            case "greedy" -> Routing.GREEDY;
            case "group_limited_greedy" -> Routing.GROUP_LIMITED;
            case "noaux_tc" -> Routing.SIGMOID_GROUPS;
            default -> throw fields.refused("topk_method", "is not supported");
        };
        if (third != (routing == Routing.SIGMOID_GROUPS)) {
            throw fields.refused("topk_method", "does not belong to " + architecture.modelType());
        }
        Set<Integer> sparse = new HashSet<>(IntStream.range(fields.integer("first_k_dense_replace", third ? 3 : 0),
                layers).boxed().toList());
        return proved(new Experts(size("n_routed_experts"), size("num_experts_per_tok"), size("moe_intermediate_size"),
                fields.integer("n_shared_experts", 0), size("n_group", 1), size("topk_group", 1), routing,
                fields.flag("norm_topk_prob", third), positive("routed_scaling_factor", third ? 2.5 : 1), sparse));
    }

    private Experts proved(Experts experts) {
        if (experts.perToken() > experts.count()) {
            throw fields.refused("num_experts_per_tok", "is more than there are experts");
        }
        if (experts.count() % experts.groups() != 0) throw fields.refused("n_group", "does not divide the experts");
        if (experts.topGroups() > experts.groups()) throw fields.refused("topk_group", "is more than there are groups");
        if (experts.shared() < 0) throw fields.refused("n_shared_experts", "is negative");
        return experts;
    }

    private OptionalInt beginToken() {
        return fields.has("bos_token_id") ? OptionalInt.of(fields.integer("bos_token_id")) : OptionalInt.empty();
    }

    private Set<Integer> endTokens() {
        Set<Integer> ids = new TreeSet<>(endTokens(fields));
        readJson(folder, "generation_config.json").ifPresent(generation -> ids.addAll(endTokens(generation)));
        return ids;
    }

    private static List<Integer> endTokens(JsonFields fields) {
        return switch (fields.value("eos_token_id").orElse(List.of())) {
            case List<?> _ -> fields.integers("eos_token_id").orElse(List.of());
            default -> List.of(fields.integer("eos_token_id"));
        };
    }

    private int size(String name) {
        int size = fields.integer(name);
        if (size < 1 || size > LARGEST_SIZE) throw fields.refused(name, "is out of range");
        return size;
    }

    private int size(String name, int fallback) {
        return fields.has(name) ? size(name) : fallback;
    }

    private double positive(String name, double fallback) {
        double value = fields.number(name, fallback);
        if (!(value > 0) || Double.isInfinite(value)) throw fields.refused(name, "must be a positive number");
        return value;
    }
}
