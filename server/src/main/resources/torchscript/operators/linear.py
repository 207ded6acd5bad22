    # Products with weights by our own operators: matrices are packed (cpp/ops/kernels.h), and only operators read them.

    def kept_form(self, weight: Tensor) -> Tensor:
        return ops.graft.pack(weight) if weight.dim() == 2 else weight

    def finish(self, weight: int) -> int:
        self.weights[weight] = ops.graft.pack_codes(self.weights[weight])
        self.weight_scales[weight] = ops.graft.pack_scales(self.weight_scales[weight])
        if self.weight_minima[weight].numel() > 0:
            self.weight_minima[weight] = ops.graft.pack_scales(self.weight_minima[weight])
        return weight

    def linear(self, x: Tensor, weight: int) -> Tensor:
        none: List[int] = []
        unscaled: List[float] = []
        return ops.graft.project(x, self.weights[weight], self.weight_scales[weight], self.weight_minima[weight],
                                 self.weights[weight + 1], self.adapters, none, none, none, unscaled,
                                 self.sites)  # [n, out], float32

    def values(self, weight: int, row: int, rows: int) -> Tensor:
        w = self.weights[weight]
        if w.dim() == 1:
            return w.narrow(0, row, rows).float()  # [rows]
        return ops.graft.unpack(w, self.weight_scales[weight], self.weight_minima[weight], row, rows)  # [rows, in]

    def lookup(self, weight: int, rows: Tensor) -> Tensor:
        return ops.graft.embedding(self.weights[weight], self.weight_scales[weight], self.weight_minima[weight],
                                   rows)  # [n, in], float32
