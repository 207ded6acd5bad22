    # The pieces every layer is made of. h, the residual stream, is float32 whatever the weights are.

    def norm(self, h: Tensor, weight: int, site: int, groups: List[int], scales: List[float]) -> Tensor:
        w, h = self.weights[weight], h.float()  # [d], [..., d]
        y = torch.rms_norm(h, [h.size(-1)], w, self.eps)  # [..., d]
        for g in range(len(groups) // 3):
            own = self.adapter(groups[3 * g + 2], site, 4)  # [d], a norm that the adapter brings
            if own.numel() > 0:
                rows = h.narrow(0, groups[3 * g], groups[3 * g + 1])
                new = torch.rms_norm(rows, [h.size(-1)], own, self.eps)  # [rows, ..., d]
                y.narrow(0, groups[3 * g], groups[3 * g + 1]).lerp_(new, scales[g])
        return y.to(self.compute)

    def norm_heads(self, x: Tensor, weight: int, site: int, groups: List[int], scales: List[float]) -> Tensor:
        return self.norm(x, weight, site, groups, scales)  # [n, heads, width]

    def project(self, x: Tensor, weight: int, sites: List[int], widths: List[int], groups: List[int],
                scales: List[float]) -> Tensor:
        # One matrix that stacks the outputs of several modules, each with a site of its own for adapters.
        y = self.linear(x, weight)  # [n, sum(widths)]
        if len(groups) > 0:
            column = 0
            for i in range(len(sites)):
                self.graft(y.narrow(1, column, widths[i]), x, sites[i], groups, scales)
                column += widths[i]
        return y

    def project_onto(self, h: Tensor, x: Tensor, weight: int, site: int, groups: List[int],
                     scales: List[float]) -> Tensor:
        return h + self.project(x, weight, [site], [h.size(1)], groups, scales)  # [n, d]

    def swiglu(self, gate_up: Tensor) -> Tensor:
        gate, up = gate_up.chunk(2, -1)  # [n, inner] each
        return torch.silu(gate) * up  # [n, inner]

    def adapter_form(self, tensor: Tensor, kind: int) -> Tensor:
        return tensor

    def turns(self, positions: Tensor) -> Tuple[Tensor, Tensor]:
        cos = self.rope_table[0].index_select(0, positions).unsqueeze(1)  # [n, 1, width / 2]
        sin = self.rope_table[1].index_select(0, positions).unsqueeze(1)  # [n, 1, width / 2]
        return cos, sin

    def rope(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        # x: [n, heads, width]; cos, sin: [n, 1, width / 2]
        a, b = x.float().chunk(2, -1)  # [n, heads, width / 2] each
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)  # [n, heads, width]

    def head(self, h: Tensor, wanted: Tensor, weight: int, site: int, head_groups: List[int],
             scales: List[float]) -> Tuple[Tensor, Tensor, Tensor]:
        # Logits of the wanted rows in float32, and of each the logarithm of summed exponentials, the largest logit and its
        # id; whether rows are finite.
        finite = torch.isfinite(h).all(-1)  # [n]
        x = self.norm(h.index_select(0, wanted), weight, site, head_groups, scales)  # [wanted, d]
        logits = self.linear(x, weight + 1).float()  # [wanted, vocabulary]
        if len(head_groups) > 0:
            self.graft_head(logits, x, site + 1, head_groups, scales)
        best, ids = logits.max(-1)  # [wanted] each; ids are exact in float32 below 2^24
        return logits, torch.stack([logits.logsumexp(-1), best, ids.float()], 1), finite
