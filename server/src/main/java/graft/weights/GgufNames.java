package graft.weights;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of GGUF tensors (llama.cpp's gguf-py constants) in the words of Hugging Face checkpoints. */
final class GgufNames {
    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d{1,5})\\.([a-z_]+)\\.(weight|bias)");
    private static final Map<String, String> WHOLE = Map.of(
            "token_embd.weight", "model.embed_tokens.weight",
            "output_norm.weight", "model.norm.weight",
            "output.weight", "lm_head.weight",
            GgufConfig.ROPE_FACTORS, GgufConfig.ROPE_FACTORS);
    private static final Map<String, String> IN_BLOCK = Map.ofEntries(
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("ffn_norm", "post_attention_layernorm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"));

    private GgufNames() {}

    /** Empty for a name without a meaning here. */
    static Optional<String> huggingFace(String ggufName) {
        String whole = WHOLE.get(ggufName);
        if (whole != null) return Optional.of(whole);
        Matcher block = BLOCK.matcher(ggufName);
        if (!block.matches() || !IN_BLOCK.containsKey(block.group(2))) return Optional.empty();
        int layer = Integer.parseInt(block.group(1));
        return Optional.of("model.layers." + layer + "." + IN_BLOCK.get(block.group(2)) + "." + block.group(3));
    }
}
