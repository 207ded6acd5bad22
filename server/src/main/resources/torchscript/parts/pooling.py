    # One vector a text, of unit length: the first token's state, or the mean over all of its tokens.

    def real(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        # lengths: [b]
        return torch.arange(tokens.size(1), device=tokens.device).unsqueeze(0) < lengths.unsqueeze(1)  # [b, m]

    def embed(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        real = self.real(tokens, lengths)  # [b, m]
        h = self.encode(tokens, torch.zeros_like(tokens), real)  # [b, m, d]
        pooled = h.select(1, 0)  # [b, d]
        if not self.first:
            pooled = (h * real.unsqueeze(2)).sum([1]) / lengths.unsqueeze(1)  # [b, d]
        return pooled / torch.linalg_vector_norm(pooled, 2, [1], True)  # [b, d]
