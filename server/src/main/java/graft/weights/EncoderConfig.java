package graft.weights;

import graft.weights.ModelConfig.Activation;
import graft.weights.ModelConfig.Architecture;
import graft.weights.ModelConfig.Attention;
import graft.weights.ModelConfig.Rope;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Reads the config.json of an encoder: BERT, RoBERTa, XLM-R and NomicBERT, the last in the names of nomic-ai's own
 * files (GPT-2's and flash-attn's) and in transformers'. One instance a folder, not for sharing.
 */
final class EncoderConfig {
    /** Fields that are read here or ask for what is done anyway, beside those of all models. */
    static final Set<String> KNOWN = Set.of("n_embd", "n_layer", "n_head", "n_inner", "n_positions",
            "layer_norm_epsilon", "rotary_emb_base", "rotary_emb_fraction", "activation_function",
            "max_trained_positions", "attn_pdrop", "embd_pdrop", "resid_pdrop", "use_flash_attn", "fused_bias_fc",
            "fused_dropout_add_ln", "use_xentropy", "pad_vocab_size_multiple", "dense_seq_output",
            "scale_attn_weights", "last_layer_subset", "id2label", "label2id", "num_labels", "problem_type",
            "output_past", "summary_type", "summary_use_proj", "summary_first_dropout", "summary_activation",
            "summary_proj_to_labels", "sentence_transformers", "num_hidden_layers", "pooler_fc_size",
            "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type",
            "directionality");
    /** Of NomicBERT, what its published models do not ask for. */
    private static final List<String> UNSUPPORTED = List.of("prenorm", "parallel_block", "parallel_block_tied_norm",
            "use_rms_norm", "rotary_emb_interleaved", "qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "causal",
            "rotary_scaling_factor", "rotary_emb_scale_base", "num_experts", "moe_top_k",
            "scale_attn_by_inverse_layer_idx", "reorder_and_upcast_attn");
    private static final double EPSILON = 1e-12;
    private static final double NOMIC_THETA = 1000;
    private final JsonFields fields;
    private final Architecture architecture;

    EncoderConfig(JsonFields fields, Architecture architecture) {
        this.fields = fields;
        this.architecture = architecture;
    }

    ModelConfig read(List<String> unknownFields) {
        boolean nomic = architecture == Architecture.NOMIC_BERT;
        if (nomic) refuseUnsupported();
        int hidden = size("hidden_size", "n_embd");
        int heads = size("num_attention_heads", "n_head");
        if (hidden % heads != 0 || hidden / heads % 2 != 0)
            throw fields.refused("num_attention_heads", "does not divide hidden_size into even heads");
        Attention attention = new Attention(heads, heads, hidden / heads, !nomic, !nomic, false);
        Rope rope = new Rope(nomic ? theta() : 10_000, hidden / heads, new RopeScaling.None(), false);
        int first = firstPosition();
        int positions = size("max_position_embeddings", "n_positions") - first;
        if (positions < 1) throw fields.refused("max_position_embeddings", "leaves no position beside the pad token's");
        return new ModelConfig(architecture, hidden, size("num_hidden_layers", "n_layer"),
                size("intermediate_size", "n_inner"), size("vocab_size"), positions, attention, rope, epsilon(),
                activation(), !nomic, true, Optional.empty(), Optional.empty(),
                fields.integer("type_vocab_size", 2), first, OptionalInt.empty(), Set.of(),
                fields.string("dtype").or(() -> fields.string("torch_dtype")), unknownFields);
    }

    private void refuseUnsupported() {
        for (String name : UNSUPPORTED) {
            if (!fields.asksForNothing(name)) throw fields.refused(name, "is not supported");
        }
        if (fields.number("rotary_emb_fraction", 1) != 1)
            throw fields.refused("rotary_emb_fraction", "is not supported");
    }

    /** fairseq counted positions from the pad token's id on, and its descendants still do. */
    private int firstPosition() {
        boolean counts = architecture == Architecture.ROBERTA || architecture == Architecture.XLM_ROBERTA;
        return counts ? fields.integer("pad_token_id", 1) + 1 : 0;
    }

    private double theta() {
        Optional<JsonFields> parameters = fields.object("rope_parameters");
        parameters.filter(rope -> !rope.string("rope_type").orElse("default").equals("default")).ifPresent(rope -> {
            throw rope.refused("rope_type", "is not supported");
        });
        double theta = parameters.filter(rope -> rope.has("rope_theta")).map(rope -> rope.number("rope_theta"))
                .orElseGet(() -> fields.number("rotary_emb_base", NOMIC_THETA));
        if (!(theta > 1) || Double.isInfinite(theta))
            throw new InvalidModelException("config.json: rope_theta=" + theta + " is out of range");
        return theta;
    }

    private double epsilon() {
        double value = fields.number("layer_norm_eps", fields.number("layer_norm_epsilon", EPSILON));
        if (!(value > 0) || Double.isInfinite(value)) throw fields.refused("layer_norm_eps", "must be positive");
        return value;
    }

    private Activation activation() {
        if (architecture != Architecture.NOMIC_BERT) {
            if (fields.string("hidden_act").orElse("gelu").equals("gelu")) return Activation.GELU;
            throw fields.refused("hidden_act", "is not supported for " + architecture.modelType());
        }
        String name = fields.string("activation_function").or(() -> fields.string("hidden_act")).orElse("swiglu");
        if (name.equals("swiglu") || name.equals("silu")) return Activation.SILU;
        throw new InvalidModelException("config.json: the activation " + InvalidTensorFileException.printable(name)
                + " is not supported for " + architecture.modelType());
    }

    private int size(String... names) {
        for (String name : names) {
            if (!fields.has(name)) continue;
            int size = fields.integer(name);
            if (size < 1 || size > ConfigReader.LARGEST_SIZE) throw fields.refused(name, "is out of range");
            return size;
        }
        throw fields.missing(names[0]);
    }
}
