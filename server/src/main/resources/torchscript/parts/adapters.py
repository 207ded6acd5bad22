    # Adapters on top of frozen weights. An adapter holds a slot, a module a site; between them up to eight tensors,
    # absent ones empty: 0 A [r, in] · 1 B [out, r], its own factor multiplied in · 2 constant [out] · 3 DoRA gain [out]
    # · 4 replaced weight · 5 replaced bias · 6 replaced tokens [t] · 7 their rows [t, d].
    # groups: start row, rows, slot of each adapter in the batch. Only those rows, and only its own matrices, are read.
    # One range of rows may come twice (composition): then DoRA, which looks at the base's output, comes first.

    def adapter(self, slot: int, site: int, kind: int) -> Tensor:
        return self.adapters[(slot * self.sites + site) * 8 + kind]

    def install(self, slot: int, tensors: List[Tensor], places: List[int]) -> int:
        # Between two steps, so it touches only what the adapter has.
        start, absent = slot * self.sites * 8, torch.empty([0])
        while len(self.adapters) < start + self.sites * 8:
            self.adapters.append(absent)
        for i in range(len(tensors)):
            self.adapters[start + places[i]] = tensors[i]
        return len(self.adapters)

    def remove(self, slot: int, places: List[int]) -> int:
        start, absent = slot * self.sites * 8, torch.empty([0])
        for i in range(len(places)):
            self.adapters[start + places[i]] = absent
        return slot

    def stage(self, given: List[Tensor], places: List[int], types: List[int], stored: List[int], rows: List[int],
              scales: List[float]) -> List[Tensor]:
        # Copies an adapter to the device; called beside running steps, and touches nothing they use. Where stored names
        # a type, given has a matrix's bytes of it, so many rows, and a factor goes in.
        device = self.weights[0].device
        return [self.adapter_form(self.numbers(given[i], stored[i], rows[i], scales[i])
                                  .to(device, types[i], copy=stored[i] == 0), places[i] % 8) for i in range(len(given))]

    def numbers(self, given: Tensor, stored: int, rows: int, scale: float) -> Tensor:
        if stored == 0:
            return given
        matrix = given.view_copy(dtype=stored).view([rows, -1])  # a copy: given lies in Java's memory
        return matrix if scale == 1.0 else matrix.float() * scale

    def dora(self, weight: int, row: int, a: Tensor, b: Tensor, magnitude: Tensor) -> List[Tensor]:
        # DoRA (arXiv 2402.09353): magnitude over the norm of each output's merged weights. The base's bias is not
        # scaled with them, so what the gain does to it is taken back by a constant.
        w = self.values(weight, row, b.size(0))  # [out, in]
        gain = magnitude / torch.linalg_vector_norm(w + b @ a, 2, [1])  # [out]
        bias = self.weights[weight + 1]
        if bias.numel() > 0:
            return [gain, (1 - gain) * bias.narrow(0, row, b.size(0)).float()]
        return [gain, torch.zeros_like(gain)]

    def has(self, weight: int, row: int, values: Tensor) -> bool:
        w, rows = self.weights[weight], values.size(0)
        if self.weight_scales[weight].numel() == 0:
            return torch.equal(self.values(weight, row, rows), values.to(w.device, w.dtype).float())
        coded = self.encoded(weight, values.to(w.device))  # what the base would be if it had these values
        minima = coded[2] if len(coded) > 2 else torch.empty([0])
        return torch.equal(self.values(weight, row, rows), self.decoded(coded[0], coded[1], minima))

    def bias_change(self, weight: int, row: int, bias: Tensor) -> Tensor:
        old = self.weights[weight + 1]
        return bias if old.numel() == 0 else bias - old.narrow(0, row, bias.size(0)).float()  # [out]

    def graft(self, y: Tensor, x: Tensor, site: int, groups: List[int], scales: List[float]) -> None:
        # y: [n, out], the module's base output, changed in place; x: [n, in]
        for g in range(len(groups) // 3):
            start, rows, slot = groups[3 * g], groups[3 * g + 1], groups[3 * g + 2]
            if rows > 0:
                out = y.narrow(0, start, rows)  # [rows, out]
                own = x.narrow(0, start, rows)  # [rows, in]
                weight = self.adapter(slot, site, 4)  # [out, in]
                if weight.numel() > 0:
                    new = self.with_constant(torch.linear(own, weight), self.adapter(slot, site, 5))  # [rows, out]
                    out.lerp_(new.to(out.dtype), scales[g])
                b = self.adapter(slot, site, 1)  # [out, r]
                constant = self.adapter(slot, site, 2)  # [out]
                if b.numel() > 0:
                    low = torch.linear(own, self.adapter(slot, site, 0))  # [rows, r]
                    delta = torch.linear(low, b)  # [rows, out]
                    gain = self.adapter(slot, site, 3)  # [out]
                    if gain.numel() > 0:
                        delta = delta * gain + out * (gain - 1)  # [rows, out]
                    out.add_(self.with_constant(delta, constant), alpha=scales[g])
                elif constant.numel() > 0:
                    out.add_(constant, alpha=scales[g])

    def with_constant(self, y: Tensor, constant: Tensor) -> Tensor:
        return y if constant.numel() == 0 else y + constant

    def embed(self, tokens: Tensor, site: int, groups: List[int], scales: List[float]) -> Tensor:
        h = self.lookup(0, tokens)  # [n, d], float32
        for g in range(len(groups) // 3):
            start, rows, slot = groups[3 * g], groups[3 * g + 1], groups[3 * g + 2]
            out = h.narrow(0, start, rows)  # [rows, d]
            own = tokens.narrow(0, start, rows)  # [rows]
            weight = self.adapter(slot, site, 4)  # [vocabulary, d]
            if weight.numel() > 0:
                out.lerp_(torch.embedding(weight, own).float(), scales[g])
            trained = self.adapter(slot, site, 6)  # [t]
            if trained.numel() > 0:
                hit = own.unsqueeze(1) == trained  # [rows, t]
                new = self.adapter(slot, site, 7).index_select(0, hit.to(4).argmax(1)).float()  # [rows, d]
                out.copy_(torch.where(hit.any(1, True), torch.lerp(out, new, scales[g]), out))
            b = self.adapter(slot, site, 1)  # [d, r]
            if b.numel() > 0:
                low = torch.embedding(self.adapter(slot, site, 0), own)  # [rows, r]
                out.add_(torch.linear(low, b), alpha=scales[g])
        return h  # [n, d], float32

    def graft_head(self, logits: Tensor, x: Tensor, site: int, groups: List[int], scales: List[float]) -> None:
        # logits: [wanted, vocabulary]; x: [wanted, d]
        for g in range(len(groups) // 3):
            start, rows, slot = groups[3 * g], groups[3 * g + 1], groups[3 * g + 2]
            trained = self.adapter(slot, site, 6)  # [t], where the head is tied to trained embeddings
            if rows > 0 and trained.numel() > 0:
                out = logits.narrow(0, start, rows)  # [rows, vocabulary]
                new = torch.linear(x.narrow(0, start, rows), self.adapter(slot, site, 7)).float()  # [rows, t]
                out.index_copy_(1, trained, torch.lerp(out.index_select(1, trained), new, scales[g]))
        self.graft(logits, x, site, groups, scales)
