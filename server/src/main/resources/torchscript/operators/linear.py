    # Products with weights by our own operators: matrices are packed (cpp/ops/kernels.h), and only operators read them.

    def kept_form(self, weight: Tensor) -> Tensor:
        return ops.graft.pack(weight) if weight.dim() == 2 else weight

    def linear(self, x: Tensor, weight: int) -> Tensor:
        none: List[int] = []
        unscaled: List[float] = []
        return ops.graft.project(x, self.weights[weight], self.weights[weight + 1], self.adapters, none, none, none,
                                 unscaled, self.sites)  # [n, out], float32

    def values(self, weight: int, row: int, rows: int) -> Tensor:
        w = self.weights[weight]
        return (ops.graft.unpack(w, row, rows) if w.dim() == 2 else w.narrow(0, row, rows)).float()  # [rows, in]

    def lookup(self, weight: int, rows: Tensor) -> Tensor:
        return ops.graft.embedding(self.weights[weight], rows)  # [n, in], float32
