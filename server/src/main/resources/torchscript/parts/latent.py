    # DeepSeek's up-projection kv_b [heads * (plain + value), latent], taken apart and absorbed: what it would do to every
    # cached latent is done to the query and to the output instead, by the row's own adapter.

    def rope_pairs(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        # x: [n, heads, width], neighbours form the pairs, or the two halves do; leaves all first members before all
        # second ones
        if self.interleaved:
            pairs = x.float().view([x.size(0), x.size(1), -1, 2])  # [n, heads, width / 2, 2]
            a, b = pairs.unbind(-1)  # [n, heads, width / 2] each
            return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)  # [n, heads, width]
        return self.rope(x, cos, sin)  # [n, heads, width]

    def up(self, weight: Tensor, from_row: int, rows: int) -> Tensor:
        return weight.view([self.heads, self.plain + self.value, -1]).narrow(1, from_row, rows)  # [heads, rows, ...]

    def per_head(self, x: Tensor, w: Tensor) -> Tensor:
        return torch.bmm(x.transpose(0, 1), w).transpose(0, 1)  # [n, heads, a] x [heads, a, b] -> [n, heads, b]

    def into_latent(self, q: Tensor, weight: int, site: int, groups: List[int], scales: List[float]) -> Tensor:
        # q: [n, heads, plain]. A constant on keys is the same for all of them and leaves the softmax as it is.
        y = self.per_head(q, self.up(self.weights[weight], 0, self.plain))  # [n, heads, latent]
        for g in range(len(groups) // 3):
            start, rows, slot = groups[3 * g], groups[3 * g + 1], groups[3 * g + 2]
            own, scale = q.narrow(0, start, rows), scales[g]  # [rows, heads, plain]
            out = y.narrow(0, start, rows)  # [rows, heads, latent]
            w = self.up(self.own_weight(weight, slot, site, scale), 0, self.plain)  # [heads, plain, latent]
            gain = self.adapter(slot, site, 3)  # [heads * (plain + value)]
            b = self.adapter(slot, site, 1)  # [heads * (plain + value), r]
            gained = own
            if gain.numel() > 0:
                of_head = self.up(gain, 0, self.plain).squeeze(2)  # [heads, plain]
                gained = (own * of_head).to(own.dtype)
                out.copy_(self.per_head((own * (1 + scale * (of_head - 1))).to(own.dtype), w))
            elif self.adapter(slot, site, 4).numel() > 0:
                out.copy_(self.per_head(own, w))
            if b.numel() > 0:
                low = self.per_head(gained, self.up(b, 0, self.plain))  # [rows, heads, r]
                out.add_(low @ self.adapter(slot, site, 0), alpha=scale)
        return y

    def out_of_latent(self, a: Tensor, weight: int, site: int, groups: List[int], scales: List[float]) -> Tensor:
        # a: [n, heads, latent], attention's mean over cached latents
        w = self.up(self.weights[weight], self.plain, self.value).transpose(1, 2)  # [heads, latent, value]
        y = self.per_head(a, w).contiguous()  # [n, heads, value]
        for g in range(len(groups) // 3):
            start, rows, slot = groups[3 * g], groups[3 * g + 1], groups[3 * g + 2]
            own, scale = a.narrow(0, start, rows), scales[g]  # [rows, heads, latent]
            out = y.narrow(0, start, rows)  # [rows, heads, value]
            if self.adapter(slot, site, 4).numel() > 0:
                w = self.up(self.own_weight(weight, slot, site, scale), self.plain, self.value)  # [heads, value, latent]
                out.copy_(self.per_head(own, w.transpose(1, 2)))
            b = self.adapter(slot, site, 1)  # [heads * (plain + value), r]
            gain = self.adapter(slot, site, 3)  # [heads * (plain + value)]
            constant = self.adapter(slot, site, 2)  # [heads * (plain + value)]
            if b.numel() > 0:
                low = own @ self.adapter(slot, site, 0).t()  # [rows, heads, r]
                delta = self.per_head(low, self.up(b, self.plain, self.value).transpose(1, 2))  # [rows, heads, value]
                if gain.numel() > 0:
                    of_head = self.up(gain, self.plain, self.value).squeeze(2)  # [heads, value]
                    delta = delta * of_head + out * (of_head - 1)
                out.add_(delta, alpha=scale)
            if constant.numel() > 0:
                out.add_(self.up(constant, self.plain, self.value).squeeze(2), alpha=scale)
        return y.view([a.size(0), -1])  # [n, heads * value]

    def own_weight(self, weight: int, slot: int, site: int, scale: float) -> Tensor:
        new = self.adapter(slot, site, 4)  # [heads * (plain + value), latent], or empty
        return self.weights[weight] if new.numel() == 0 else torch.lerp(self.weights[weight], new, scale)
