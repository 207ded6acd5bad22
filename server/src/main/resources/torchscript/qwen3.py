"""Qwen3: a norm over each head of q and k before rope, heads wider than hidden / heads. One step of a mixed batch.

weights: embedding, then per layer norm, q|k|v, q norm, k norm, o, norm, gate|up, down, then norm, head; a matrix is followed by its bias.
sites:   per layer input_layernorm, q, k, v, q_norm, k_norm, o, post_attention_layernorm, gate,
         up, down, then embedding, norm, head.
"""


class Qwen3(Module):
    layers: int
    heads: int
    kv_heads: int
    width: int  # of a head
    inner: int  # of the feed-forward network
    compute: int  # element type of activations and KV
    eps: float
    scale: float  # of attention scores
    pools: int  # KV pools a layer: keys and values
    block_tokens: int
    sites: int
    weights: List[Tensor]
    rope_table: List[Tensor]
    kv: List[Tensor]
    adapters: List[Tensor]

    # include parts/weights.py
    # include parts/linear.py
    # include parts/kv.py
    # include parts/layers.py
    # include parts/adapters.py
    # include parts/attention.py

    def step(self, tokens: Tensor, positions: Tensor, slots: Tensor, wanted: Tensor, single_rows: Tensor,
             single_lengths: Tensor, blocks: List[Tensor], spans: List[int], groups: List[int],
             head_groups: List[int], scales: List[float]) -> Tuple[Tensor, Tensor, Tensor]:
        last = 12 * self.layers + 1
        n, heads, kv_heads, width = tokens.size(0), self.heads, self.kv_heads, self.width
        h = self.embed(tokens, 11 * self.layers, groups, scales)  # [n, d], float32
        cos, sin = self.turns(positions)
        masks = self.masks(single_lengths, blocks, spans)
        for i in range(self.layers):
            at, site = 12 * i + 1, 11 * i
            x = self.norm(h, at, site, groups, scales)  # [n, d]
            qkv = self.project(x, at + 1, [site + 1, site + 2, site + 3],
                               [heads * width, kv_heads * width, kv_heads * width], groups, scales)
            qkv = qkv.view([n, heads + 2 * kv_heads, width])  # [n, heads + 2 * kv_heads, width]
            q, k, v = qkv.split([heads, kv_heads, kv_heads], 1)
            q = self.norm_heads(q, at + 3, site + 4, groups, scales)  # [n, heads, width]
            k = self.norm_heads(k, at + 4, site + 5, groups, scales)  # [n, kv_heads, width]
            q = self.rope_into_kv(q, k, v, i, cos, sin, positions, slots)  # [n, heads, width], in any grouping
            a = self.attend(q, i, self.scale, single_rows, spans, blocks, masks)
            a = a.reshape([n, heads * width])  # [n, heads * width]
            h = self.project_onto(h, a, at + 5, site + 6, groups, scales)  # [n, d]
            x = self.norm(h, at + 7, site + 7, groups, scales)  # [n, d]
            gate_up = self.project(x, at + 8, [site + 8, site + 9], [self.inner, self.inner], groups, scales)
            x = self.swiglu(gate_up)  # [n, inner]
            h = self.project_onto(h, x, at + 10, site + 10, groups, scales)  # [n, d]
        return self.head(h, wanted, last, 11 * self.layers + 1, head_groups, scales)
