"""NomicBERT (Nussbaum et al. 2024): BERT with rotary positions, SwiGLU and no biases, as a sentence encoder.

weights: word and token-type embeddings, norm; per layer q|k|v, o, norm, up|gate, down, norm; a norm with its bias, a
matrix without one.
"""


class NomicBert(Module):
    layers: int
    heads: int
    width: int  # of a head
    compute: int  # element type of activations
    eps: float
    theta: float  # of the rotary positions
    first: bool  # the vector is the first token's, else the mean over all
    weights: List[Tensor]

    # include parts/weights.py
    # include parts/linear.py
    # include parts/pooling.py

    def norm(self, h: Tensor, weight: int) -> Tensor:
        return torch.layer_norm(h.float(), [h.size(-1)], self.weights[weight], self.weights[weight + 1], self.eps)

    def turned(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        # x: [b, heads, m, width]; the halves of a head are the pairs
        a, b = x.chunk(2, 3)  # [b, heads, m, width / 2] each
        return torch.cat([a * cos - b * sin, b * cos + a * sin], 3)  # [b, heads, m, width]

    def encode(self, tokens: Tensor, types: Tensor, real: Tensor) -> Tensor:
        # tokens, types: [b, m], padded; real: [b, m]
        b, m, heads, width = tokens.size(0), tokens.size(1), self.heads, self.width
        mask = torch.zeros([b, m], dtype=self.compute, device=tokens.device)
        mask = mask.masked_fill_(real.logical_not(), -inf).view([b, 1, 1, m])  # [b, 1, 1, m]
        powers = torch.arange(0, width, 2, dtype=6, device=tokens.device) / width  # [width / 2]
        places = torch.arange(m, dtype=6, device=tokens.device)  # [m]
        angles = torch.outer(places, torch.pow(self.theta, powers).reciprocal())  # [m, width / 2]
        cos, sin = angles.cos().to(self.compute), angles.sin().to(self.compute)  # [m, width / 2] each
        h = torch.embedding(self.weights[0], tokens) + torch.embedding(self.weights[1], types)  # [b, m, d]
        h = self.norm(h, 2)  # [b, m, d]
        for i in range(self.layers):
            at = 12 * i + 4
            qkv = self.linear(h.to(self.compute), at).view([b, m, 3, heads, width])  # [b, m, 3, heads, width]
            q, k, v = qkv.permute([2, 0, 3, 1, 4]).unbind(0)  # [b, heads, m, width] each
            a = torch.scaled_dot_product_attention(self.turned(q, cos, sin), self.turned(k, cos, sin), v, mask)
            a = a.transpose(1, 2).reshape([b, m, -1])  # [b, m, d]
            h = self.norm(h + self.linear(a, at + 2), at + 4)  # [b, m, d]
            up, gate = self.linear(h.to(self.compute), at + 6).chunk(2, 2)  # [b, m, inner] each
            h = self.norm(h + self.linear(up * torch.silu(gate), at + 8), at + 10)  # [b, m, d]
        return h
