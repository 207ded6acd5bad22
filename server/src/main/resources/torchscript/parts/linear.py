    # Products with weights, in whatever form they are kept. Few rows are multiplied with the codes themselves; for long
    # slices the values are made first, since these are used by many rows.

    def linear(self, x: Tensor, weight: int) -> Tensor:
        bias = self.weights[weight + 1]  # [out], or empty
        if self.weight_scales[weight].numel() == 0 and bias.numel() > 0:
            return torch.linear(x, self.weights[weight], bias)  # [n, out]
        y = self.multiply(x, self.weights[weight], self.weight_scales[weight], self.weight_minima[weight])  # [n, out]
        return y if bias.numel() == 0 else y + bias

    def kept_form(self, weight: Tensor) -> Tensor:
        return weight

    def finish(self, weight: int) -> int:
        return weight  # whose codes are all there

    def rows_linear(self, x: Tensor, weight: int, row: int, rows: int) -> Tensor:
        # Only rows of the matrix, without its bias: [n, rows]
        return self.multiply(x, self.weights[weight].narrow(0, row, rows), self.some(self.weight_scales[weight], row, rows),
                             self.some(self.weight_minima[weight], row, rows))

    def multiply(self, x: Tensor, weight: Tensor, scales: Tensor, minima: Tensor) -> Tensor:
        # x: [n, in]
        if scales.numel() == 0:
            return torch.linear(x, weight)  # [n, out]
        if scales.dim() == 1 and x.size(0) <= self.few_rows and x.size(1) % 32 == 0:
            return torch._weight_int8pack_mm(x.contiguous(), weight, scales)  # [n, out]
        # Some rows at a time, so that their values stay in a cache until they are multiplied. Long slices would be slow in
        # float32, and their values are rounded to the activations' type.
        x = x.float() if x.size(0) <= self.few_rows else x
        out, most = weight.size(0), max(1, self.values_at_once // x.size(1))
        y = torch.empty([x.size(0), out], dtype=self.compute, device=x.device)  # [n, out]
        for i in range((out + most - 1) // most):
            row = i * most
            rows = min(most, out - row)
            part = self.decoded(weight.narrow(0, row, rows), scales.narrow(0, row, rows), self.some(minima, row, rows))
            y.narrow(1, row, rows).copy_(torch.linear(x, part.to(x.dtype)))
        return y

    def values(self, weight: int, row: int, rows: int) -> Tensor:
        return self.decoded(self.weights[weight].narrow(0, row, rows), self.some(self.weight_scales[weight], row, rows),
                            self.some(self.weight_minima[weight], row, rows))  # [rows, in], float32

    def lookup(self, weight: int, rows: Tensor) -> Tensor:
        # rows: [n]
        if self.weight_scales[weight].numel() == 0:
            return torch.embedding(self.weights[weight], rows).float()  # [n, in]
        minima = self.weight_minima[weight]
        if minima.numel() > 0:
            minima = minima.index_select(0, rows)  # [n, in / 32]
        return self.decoded(self.weights[weight].index_select(0, rows),
                            self.weight_scales[weight].index_select(0, rows), minima)  # [n, in], float32
