"""Qwen3-MoE: Qwen3 whose sparse layers have a mixture of experts for a feed-forward network. One step of a mixed batch.

weights: embedding, then per layer norm, q|k|v, q norm, k norm, o, norm, gate|up, down, and in a sparse layer router,
         correction bias (empty), experts' gate|up, experts' down; then norm, head; a matrix is followed by its bias.
sites:   per layer input_layernorm, q, k, v, q_norm, k_norm, o, post_attention_layernorm, gate, up, down, and in
         a sparse layer router and gate, up, down of each expert; then embedding, norm, head.
"""


class Qwen3Moe(Module):
    layers: int
    heads: int
    kv_heads: int
    width: int  # of a head
    inner: int  # of the feed-forward network
    expert_inner: int
    per_token: int
    expert_groups: int
    top_groups: int
    sigmoid: bool
    normalise: bool
    routed_scaling: float
    sparse: List[int]  # 1 for each layer with experts
    weight_at: List[int]  # first weight of each layer, then of the head
    site_at: List[int]  # first site of each layer, then of embedding, norm and head
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
    # include parts/experts.py

    def step(self, tokens: Tensor, positions: Tensor, slots: Tensor, wanted: Tensor, single_rows: Tensor,
             single_lengths: Tensor, blocks: List[Tensor], spans: List[int], groups: List[int],
             head_groups: List[int], scales: List[float]) -> Tuple[Tensor, Tensor, Tensor]:
        n, heads, kv_heads, width = tokens.size(0), self.heads, self.kv_heads, self.width
        h = self.embed(tokens, self.site_at[self.layers], groups, scales)  # [n, d], float32
        cos = self.rope_table[0].index_select(0, positions).unsqueeze(1)  # [n, 1, width / 2]
        sin = self.rope_table[1].index_select(0, positions).unsqueeze(1)  # [n, 1, width / 2]
        masks = self.masks(single_lengths, blocks, spans)
        for i in range(self.layers):
            at, site = self.weight_at[i], self.site_at[i]
            x = self.norm(h, at, site, groups, scales)  # [n, d]
            qkv = self.project(x, at + 1, [site + 1, site + 2, site + 3],
                               [heads * width, kv_heads * width, kv_heads * width], groups, scales)
            qkv = qkv.view([n, heads + 2 * kv_heads, width])  # [n, heads + 2 * kv_heads, width]
            q = self.norm(qkv.narrow(1, 0, heads), at + 3, site + 4, groups, scales)  # [n, heads, width]
            k = self.norm(qkv.narrow(1, heads, kv_heads), at + 4, site + 5, groups, scales)  # [n, kv_heads, width]
            q = self.rope(q, cos, sin).view([n, kv_heads, -1, width])  # [n, kv_heads, group, width]
            self.kv[2 * i].index_copy_(0, slots, self.rope(k, cos, sin))
            self.kv[2 * i + 1].index_copy_(0, slots, qkv.narrow(1, heads + kv_heads, kv_heads))
            a = self.attend(q, i, self.scale, single_rows, spans, blocks, masks)  # [n, kv_heads, group, width]
            a = a.reshape([n, heads * width])  # [n, heads * width]
            h = h + self.project(a, at + 5, [site + 6], [h.size(1)], groups, scales)  # [n, d]
            x = self.norm(h, at + 7, site + 7, groups, scales)  # [n, d]
            if self.sparse[i] == 0:
                gate_up = self.project(x, at + 8, [site + 8, site + 9], [self.inner, self.inner], groups, scales)
                gate, up = gate_up.chunk(2, -1)  # [n, inner] each
                x = torch.silu(gate) * up  # [n, inner]
                h = h + self.project(x, at + 10, [site + 10], [h.size(1)], groups, scales)  # [n, d]
            else:
                h = h + self.experts(x, at + 12, site + 11, groups, scales)  # [n, d]
        last = self.site_at[self.layers] + 1
        return self.head(h, wanted, self.weight_at[self.layers], last, head_groups, scales)
