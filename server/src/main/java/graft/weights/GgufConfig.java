package graft.weights;

import graft.weights.ModelConfig.Activation;
import graft.weights.ModelConfig.Architecture;
import graft.weights.ModelConfig.Attention;
import graft.weights.ModelConfig.Rope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** A model's configuration out of a GGUF file's metadata and tensors. */
final class GgufConfig {
    /** Llama 3.1's rotary scaling, stored as one divisor a frequency; it has no name in Hugging Face checkpoints. */
    static final String ROPE_FACTORS = "rope_freqs.weight";
    private static final int LARGEST_SIZE = 1 << 24;
    private static final Set<String> READ = Set.of("block_count", "context_length", "embedding_length",
            "feed_forward_length", "attention.head_count", "attention.head_count_kv", "attention.key_length",
            "attention.value_length", "attention.layer_norm_rms_epsilon", "rope.freq_base", "rope.dimension_count",
            "vocab_size", "rope.scaling.type", "rope.scaling.factor", "rope.scaling.original_context_length",
            "rope.scaling.finetuned", "rope.scaling.attn_factor", "rope.scaling.yarn_beta_fast",
            "rope.scaling.yarn_beta_slow", "rope.scale_linear", "attention.sliding_window");
    private static final List<String> UNSUPPORTED = List.of("expert_count", "attention.scale", "logit_scale",
            "residual_scale", "embedding_scale", "attn_logit_softcapping", "final_logit_softcapping",
            "attention.clamp_kqv", "attention.max_alibi_bias", "rope.scaling.yarn_log_multiplier",
            "rope.scaling.yarn_ext_factor", "rope.scaling.yarn_attn_factor");
    /** Names of tokens that end a turn; converters often give only eos_token_id (llama.cpp looks for them too). */
    private static final Set<String> END_TEXTS = Set.of("<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>",
            "<|eom_id|>", "<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>");

    private final Gguf gguf;
    private final GgufMetadata metadata;
    private final String prefix;
    private final Architecture architecture;

    GgufConfig(Gguf gguf) {
        this.gguf = gguf;
        this.metadata = gguf.metadata();
        String name = metadata.string("general.architecture")
                .orElseThrow(() -> metadata.missing("general.architecture"));
        this.prefix = name + ".";
        this.architecture = switch (name) {
            case "llama" -> Architecture.LLAMA;
            case "qwen2" -> Architecture.QWEN2;
            case "qwen3" -> Architecture.QWEN3;
            default -> throw metadata.refused("general.architecture",
                    "is not supported in GGUF; llama, qwen2 and qwen3 are");
        };
    }

    ModelConfig read() {
        refuseUnsupported();
        int hidden = size("embedding_length");
        int heads = size("attention.head_count");
        int headDim = has("attention.key_length") ? size("attention.key_length") : hidden / heads;
        if (!has("attention.key_length") && hidden % heads != 0) {
            throw refused("attention.head_count", "does not divide embedding_length");
        }
        int keyValueHeads = has("attention.head_count_kv") ? size("attention.head_count_kv") : heads;
        if (heads % keyValueHeads != 0) throw refused("attention.head_count_kv", "does not divide the heads");
        if (has("attention.value_length") && size("attention.value_length") != headDim) {
            throw refused("attention.value_length", "is not supported");
        }
        if (has("rope.dimension_count") && size("rope.dimension_count") != headDim) {
            throw refused("rope.dimension_count", "is not supported");
        }
        Attention attention = new Attention(heads, keyValueHeads, headDim,
                gguf.has("model.layers.0.self_attn.q_proj.bias"),
                gguf.has("model.layers.0.self_attn.o_proj.bias"), gguf.has("model.layers.0.self_attn.q_norm.weight"));
        Rope rope = new Rope(number("rope.freq_base").orElse(10_000.0), headDim, scaling(headDim), false);
        if (!(rope.theta() > 1) || Double.isInfinite(rope.theta())) throw refused("rope.freq_base", "is out of range");
        double epsilon = number("attention.layer_norm_rms_epsilon")
                .orElseThrow(() -> metadata.missing(prefix + "attention.layer_norm_rms_epsilon"));
        if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
            throw refused("attention.layer_norm_rms_epsilon", "must be positive");
        }
        return new ModelConfig(architecture, hidden, size("block_count"), size("feed_forward_length"), vocabulary(),
                size("context_length"),
                attention, rope, epsilon, Activation.SILU, gguf.has("model.layers.0.mlp.gate_proj.bias"),
                !gguf.has("lm_head.weight"),
                Optional.empty(), Optional.empty(), 0, 0, token("bos"), endTokens(), Optional.of("gguf"), unknownFields());
    }

    private void refuseUnsupported() {
        for (String key : UNSUPPORTED) {
            if (number(key).orElse(0.0) != 0) throw refused(key, "is not supported");
        }
        if (has("attention.sliding_window") && size("attention.sliding_window") < size("context_length")) {
            throw refused("attention.sliding_window", "is in use and not supported");
        }
    }

    private RopeScaling scaling(int headDim) {
        if (gguf.has(ROPE_FACTORS)) {
            List<Float> divisors = new ArrayList<>();
            for (float divisor : gguf.floats(ROPE_FACTORS)) divisors.add(divisor);
            boolean positive = divisors.stream().allMatch(divisor -> divisor > 0 && !divisor.isInfinite());
            if (divisors.size() != headDim / 2 || !positive) {
                throw new InvalidTensorFileException(metadata.file(), ROPE_FACTORS,
                        "holds no divisor for each rotary pair");
            }
            return new RopeScaling.Divided(divisors);
        }
        double factor = number("rope.scaling.factor").or(() -> number("rope.scale_linear")).orElse(1.0);
        if (!(factor > 0) || Double.isInfinite(factor)) throw refused("rope.scaling.factor", "must be positive");
        String type = metadata.string(prefix + "rope.scaling.type").orElse(factor == 1 ? "none" : "linear");
        return switch (type) {
            case "none" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(factor);
            case "yarn" -> new RopeScaling.Yarn(factor,
                    number("rope.scaling.attn_factor").orElse(1.0) * RopeReader.mscale(factor, 1),
                    number("rope.scaling.yarn_beta_fast").orElse(32.0),
                    number("rope.scaling.yarn_beta_slow").orElse(1.0),
                    has("rope.scaling.original_context_length") ? size("rope.scaling.original_context_length")
                    : size("context_length"), true, 0);
            default -> throw refused("rope.scaling.type", "is not supported; none, linear and yarn are");
        };
    }

    private int vocabulary() {
        if (!gguf.has("model.embed_tokens.weight")) throw metadata.missing("token_embd.weight");
        List<Long> shape = gguf.info("model.embed_tokens.weight").shape();
        if (shape.size() != 2 || shape.getFirst() > LARGEST_SIZE) {
            throw new InvalidTensorFileException(metadata.file(), "token_embd.weight", "has the shape " + shape);
        }
        return shape.getFirst().intValue();
    }

    private OptionalInt token(String kind) {
        Optional<Integer> id = metadata.integer("tokenizer.ggml." + kind + "_token_id");
        return id.isPresent() ? OptionalInt.of(id.get()) : OptionalInt.empty();
    }

    private Set<Integer> endTokens() {
        Set<Integer> ids = new TreeSet<>();
        for (String kind : List.of("eos", "eot", "eom")) token(kind).ifPresent(ids::add);
        List<String> tokens = metadata.strings("tokenizer.ggml.tokens").orElse(List.of());
        long[] types = metadata.integers("tokenizer.ggml.token_type").orElse(new long[0]);
        for (int id = 0; id < Math.min(tokens.size(), types.length); id++) {
            if (types[id] == GgufTokenizer.CONTROL && END_TEXTS.contains(tokens.get(id))) ids.add(id);
        }
        return ids;
    }

    private List<String> unknownFields() {
        return metadata.keys().stream().filter(key -> key.startsWith(prefix))
                .filter(key -> !READ.contains(key.substring(prefix.length()))
                && !UNSUPPORTED.contains(key.substring(prefix.length()))).toList();
    }

    private boolean has(String key) {
        return metadata.has(prefix + key);
    }

    private Optional<Double> number(String key) {
        return metadata.number(prefix + key);
    }

    private int size(String key) {
        int size = metadata.integer(prefix + key).orElseThrow(() -> metadata.missing(prefix + key));
        if (size < 1 || size > LARGEST_SIZE) throw refused(key, "is out of range");
        return size;
    }

    private InvalidTensorFileException refused(String key, String why) {
        return metadata.refused(prefix + key, why);
    }
}
