    # Adapters on top of frozen weights. An adapter holds a slot, a module a site; between them up to six tensors:
    # 0 A [r, in] · 1 B [out, r], its own factor multiplied in · 2 bias [out] · 3 DoRA gain [out]
    # · 4 replaced weight · 5 replaced bias. Absent ones are empty.
    # groups: start row, rows, slot of each adapter in the batch. Only those rows, and only its own matrices, are read.
    # One range of rows may come twice (composition): then DoRA, which looks at the base's output, comes first.

    def adapter(self, slot: int, site: int, kind: int) -> Tensor:
        return self.adapters[(slot * self.sites + site) * 6 + kind]

    def install(self, slot: int, tensors: List[Tensor]) -> int:
        while len(self.adapters) < (slot + 1) * self.sites * 6:
            self.adapters.append(torch.empty([0]))
        for i in range(len(tensors)):
            self.adapters[slot * self.sites * 6 + i] = tensors[i]
        return len(self.adapters)

    def remove(self, slot: int) -> int:
        for i in range(slot * self.sites * 6, (slot + 1) * self.sites * 6):
            self.adapters[i] = torch.empty([0])
        return slot

    def stage(self, tensors: List[Tensor], kept: List[int]) -> List[Tensor]:
        # Copies an adapter to the device; called beside running steps, and touches nothing they use.
        device = self.weights[0].device
        return [tensors[i].to(device, kept[i], copy=True) for i in range(len(tensors))]

    def gain(self, weight: int, row: int, a: Tensor, b: Tensor, magnitude: Tensor) -> Tensor:
        # DoRA (arXiv 2402.09353): magnitude over the norm of each output's merged weights.
        w = self.weights[weight].narrow(0, row, b.size(0)).float()  # [out, in]
        return magnitude / torch.linalg_vector_norm(w + b @ a, 2, [1])  # [out]

    def graft(self, y: Tensor, x: Tensor, site: int, groups: List[int], scales: List[float]) -> None:
        # y: [n, out], the module's base output, changed in place; x: [n, in]
        base = y
        for g in range(len(groups) // 3):
            start, rows, slot = groups[3 * g], groups[3 * g + 1], groups[3 * g + 2]
            if rows > 0:
                out = y.narrow(0, start, rows)  # [rows, out]
                own = x.narrow(0, start, rows)  # [rows, in]
                weight = self.adapter(slot, site, 4)  # [out, in]
                if weight.numel() > 0:
                    out.copy_(self.with_bias(torch.linear(own, weight), self.adapter(slot, site, 5)))
                b = self.adapter(slot, site, 1)  # [out, r]
                if b.numel() > 0:
                    low = torch.linear(own, self.adapter(slot, site, 0))  # [rows, r]
                    delta = self.with_bias(torch.linear(low, b), self.adapter(slot, site, 2))  # [rows, out]
                    gain = self.adapter(slot, site, 3)  # [out]
                    if gain.numel() > 0:
                        delta = delta * gain + out * (gain - 1)  # [rows, out]
                    out.add_(delta, alpha=scales[g])

    def with_bias(self, y: Tensor, bias: Tensor) -> Tensor:
        return y if bias.numel() == 0 else y + bias

    def embed(self, tokens: Tensor, site: int, groups: List[int], scales: List[float]) -> Tensor:
        h = torch.embedding(self.weights[0], tokens).float()  # [n, d]
        for g in range(len(groups) // 3):
            start, rows, slot = groups[3 * g], groups[3 * g + 1], groups[3 * g + 2]
            own = tokens.narrow(0, start, rows)  # [rows]
            weight = self.adapter(slot, site, 4)  # [vocabulary, d]
            if weight.numel() > 0:
                h.narrow(0, start, rows).copy_(torch.embedding(weight, own))
            b = self.adapter(slot, site, 1)  # [d, r]
            if b.numel() > 0:
                low = torch.embedding(self.adapter(slot, site, 0), own)  # [rows, r]
                h.narrow(0, start, rows).add_(torch.linear(low, b), alpha=scales[g])
        return h  # [n, d], float32
