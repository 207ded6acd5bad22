"""DeepSeek V2, V3 and R1: multi-head latent attention over a compressed KV cache, mixtures of experts.

Only the latent of a token and its rotary key are cached; the up-projection kv_b is absorbed into queries and outputs
(arXiv 2405.04434, 2.1).
weights: embedding, then per layer norm, q_a, q_a norm, q_b (or q), kv_a, kv_a norm, kv_b, o, norm, (shared) gate|up, down,
         and in a sparse layer router, correction bias, experts' gate|up, experts' down; then norm, head; a matrix is
         followed by its bias.
sites:   per layer input_layernorm, q_a, q_a_layernorm, q_b, kv_a, kv_a_layernorm, kv_b, o, post_attention_layernorm,
         gate, up, down, and in a sparse layer router and gate, up, down of each expert; then embedding, norm, head.
"""


class DeepSeek(Module):
    layers: int
    heads: int
    query_rank: int  # 0: queries are not compressed
    latent: int  # width of what is cached of keys and values
    plain: int  # of a head, without position
    rotary: int  # of a head, with position
    interleaved: bool  # whether neighbours form the pairs that are turned
    value: int  # width of a head's value
    inner: int  # of the feed-forward network
    shared_inner: int  # of the shared experts together, 0 for none
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
    pools: int  # KV pools a layer: the latents with the rotary keys
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
    # include parts/latent.py
    # include parts/experts.py

    def queries(self, x: Tensor, at: int, site: int, groups: List[int], scales: List[float]) -> Tensor:
        if self.query_rank > 0:
            x = self.project(x, at + 1, [site + 1], [self.query_rank], groups, scales)  # [n, query_rank]
            x = self.norm(x, at + 3, site + 2, groups, scales)  # [n, query_rank]
        wide = self.heads * (self.plain + self.rotary)
        q = self.project(x, at + 4, [site + 3], [wide], groups, scales)  # [n, wide]
        return q.view([x.size(0), self.heads, -1])  # [n, heads, plain + rotary]

    def feed_forward(self, x: Tensor, at: int, site: int, inner: int, groups: List[int], scales: List[float]) -> Tensor:
        gate_up = self.project(x, at, [site, site + 1], [inner, inner], groups, scales)  # [n, 2 * inner]
        gate, up = gate_up.chunk(2, -1)  # [n, inner] each
        return self.project(torch.silu(gate) * up, at + 2, [site + 2], [x.size(1)], groups, scales)  # [n, d]

    def step(self, tokens: Tensor, positions: Tensor, slots: Tensor, wanted: Tensor, single_rows: Tensor,
             single_lengths: Tensor, blocks: List[Tensor], spans: List[int], groups: List[int],
             head_groups: List[int], scales: List[float]) -> Tuple[Tensor, Tensor, Tensor]:
        n, heads, latent = tokens.size(0), self.heads, self.latent
        h = self.embed(tokens, self.site_at[self.layers], groups, scales)  # [n, d], float32
        cos = self.rope_table[0].index_select(0, positions).unsqueeze(1)  # [n, 1, rotary / 2]
        sin = self.rope_table[1].index_select(0, positions).unsqueeze(1)  # [n, 1, rotary / 2]
        masks = self.masks(single_lengths, blocks, spans)
        for i in range(self.layers):
            at, site = self.weight_at[i], self.site_at[i]
            x = self.norm(h, at, site, groups, scales)  # [n, d]
            q = self.queries(x, at, site, groups, scales)  # [n, heads, plain + rotary]
            kv = self.project(x, at + 6, [site + 4], [latent + self.rotary], groups, scales)  # [n, latent + rotary]
            c = self.norm(kv.narrow(1, 0, latent), at + 8, site + 5, groups, scales)  # [n, latent]
            turned = self.rope_pairs(kv.narrow(1, latent, self.rotary).unsqueeze(1), cos, sin)  # [n, 1, rotary]
            self.kv[i].index_copy_(0, slots, torch.cat([c.unsqueeze(1), turned], -1))
            plain = self.into_latent(q.narrow(2, 0, self.plain), at + 9, site + 6, groups, scales)  # [n, heads, latent]
            q = torch.cat([plain, self.rope_pairs(q.narrow(2, self.plain, self.rotary), cos, sin)], -1)
            a = self.attend(q.unsqueeze(1), i, self.scale, single_rows, spans, blocks, masks)
            a = a.view([n, heads, -1]).narrow(2, 0, latent)  # [n, heads, latent]
            a = self.out_of_latent(a, at + 9, site + 6, groups, scales)  # [n, heads * value]
            h = h + self.project(a, at + 11, [site + 7], [h.size(1)], groups, scales)  # [n, d]
            x = self.norm(h, at + 13, site + 8, groups, scales)  # [n, d]
            if self.sparse[i] == 0:
                h = h + self.feed_forward(x, at + 14, site + 9, self.inner, groups, scales)  # [n, d]
            else:
                h = h + self.experts(x, at + 18, site + 12, groups, scales)  # [n, d]
                if self.shared_inner > 0:
                    h = h + self.feed_forward(x, at + 14, site + 9, self.shared_inner, groups, scales)  # [n, d]
        last = self.site_at[self.layers] + 1
        return self.head(h, wanted, self.weight_at[self.layers], last, head_groups, scales)
