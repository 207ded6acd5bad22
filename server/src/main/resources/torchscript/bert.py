"""BERT and RoBERTa (XLM-R): as a sentence encoder (MiniLM, BGE, E5 and their kin), unit length; as a cross-encoder, one
score for a pair.

weights: word, position and token-type embeddings, norm; per layer q|k|v, o, norm, up, down, norm; each with its bias.
A cross-encoder has a dense layer over the first token and a classifier after them, each with its bias.
"""


class Bert(Module):
    layers: int
    heads: int
    width: int  # of a head
    compute: int  # element type of activations
    eps: float
    pad: int  # RoBERTa's pad token: places are counted from the one after it, and it has its own; -1 counts all from 0
    first: bool  # the vector is the first token's, else the mean over all
    weights: List[Tensor]

    # include parts/weights.py
    # include parts/linear.py
    # include parts/pooling.py

    def norm(self, h: Tensor, weight: int) -> Tensor:
        return torch.layer_norm(h.float(), [h.size(-1)], self.weights[weight], self.weights[weight + 1], self.eps)

    def encode(self, tokens: Tensor, types: Tensor, real: Tensor) -> Tensor:
        # tokens, types: [b, m], padded; real: [b, m]
        b, m, heads, width = tokens.size(0), tokens.size(1), self.heads, self.width
        mask = torch.zeros([b, m], dtype=self.compute, device=tokens.device)
        mask = mask.masked_fill_(real.logical_not(), -inf).view([b, 1, 1, m])  # [b, 1, 1, m]
        places = torch.arange(m, device=tokens.device).unsqueeze(0)  # [1, m]
        if self.pad >= 0:
            counted = tokens != self.pad  # [b, m]
            places = torch.cumsum(counted, 1) * counted + self.pad  # [b, m]
        h = torch.embedding(self.weights[0], tokens)  # [b, m, d]
        h = h + torch.embedding(self.weights[1], places) + torch.embedding(self.weights[2], types)  # [b, m, d]
        h = self.norm(h, 3)  # [b, m, d]
        for i in range(self.layers):
            at = 12 * i + 5
            qkv = self.linear(h.to(self.compute), at).view([b, m, 3, heads, width])  # [b, m, 3, heads, width]
            q, k, v = qkv.permute([2, 0, 3, 1, 4]).unbind(0)  # [b, heads, m, width] each
            a = torch.scaled_dot_product_attention(q, k, v, mask)  # [b, heads, m, width]
            a = a.transpose(1, 2).reshape([b, m, -1])  # [b, m, d]
            h = self.norm(h + self.linear(a, at + 2), at + 4)  # [b, m, d]
            x = torch.gelu(self.linear(h.to(self.compute), at + 6))  # [b, m, inner]
            h = self.norm(h + self.linear(x, at + 8), at + 10)  # [b, m, d]
        return h

    def score(self, tokens: Tensor, types: Tensor, lengths: Tensor) -> Tensor:
        h = self.encode(tokens, types, self.real(tokens, lengths)).select(1, 0)  # [b, d]
        at = 12 * self.layers + 5
        pooled = torch.tanh(self.linear(h.to(self.compute), at))  # [b, d]
        return self.linear(pooled, at + 2).float()  # [b, labels]
