package graft.benchmarks.lora;

import java.util.List;

/**
 * What of a Llama model an adapter must fit.
 *
 * @param heads and keyValueHeads of its attention
 */
public record Shape(int layers, int hidden, int intermediate, int heads, int keyValueHeads, int headDim) {
    /** The demo's base model (its config.json). */
    public static final Shape SMOLLM2_135M = new Shape(30, 576, 1536, 9, 3, 64);

    /**
     * A linear layer of a block.
     *
     * @param peft name in PEFT's files
     * @param gguf name in GGUF's
     * @param rotated heads whose rows GGUF keeps in another order (rope), 0 for none
     */
    record Linear(String peft, String gguf, int in, int out, int rotated) {}

    List<Linear> linears() {
        int queries = heads * headDim;
        int keys = keyValueHeads * headDim;
        return List.of(new Linear("self_attn.q_proj", "attn_q", hidden, queries, heads),
                new Linear("self_attn.k_proj", "attn_k", hidden, keys, keyValueHeads),
                new Linear("self_attn.v_proj", "attn_v", hidden, keys, 0),
                new Linear("self_attn.o_proj", "attn_output", queries, hidden, 0),
                new Linear("mlp.gate_proj", "ffn_gate", hidden, intermediate, 0),
                new Linear("mlp.up_proj", "ffn_up", hidden, intermediate, 0),
                new Linear("mlp.down_proj", "ffn_down", intermediate, hidden, 0));
    }

    /** Numbers that an adapter of rank 1 on every linear layer has. */
    public long perRank() {
        return layers * linears().stream().mapToLong(linear -> linear.in() + linear.out()).sum();
    }

    /** The rank whose adapter, at two bytes a number, comes nearest to a size. */
    public int rankOf(long bytes) {
        return Math.toIntExact(Math.max(1, Math.round(bytes / 2.0 / perRank())));
    }
}
