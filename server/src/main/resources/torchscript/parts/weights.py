    # What lives in the module. Tensors that come from Java borrow its memory, so everything kept is a copy.

    def add_weight(self, parts: List[Tensor], stored: int, kept: int, shape: List[int]) -> int:
        # parts: raw bytes, or values, of tensors that are stacked by rows; stored, kept: element types
        if parts[0].dtype != stored:
            parts = [part.view_copy(dtype=stored) for part in parts]  # view(dtype) is not in TorchScript
        rows = parts[0] if len(parts) == 1 else torch.cat(parts)
        self.weights.append(rows.view(shape).to(kept, copy=True))
        return len(self.weights)

    def add_same_weight(self, earlier: int) -> int:
        self.weights.append(self.weights[earlier])  # tied
        return len(self.weights)

    def linear(self, x: Tensor, weight: int) -> Tensor:
        bias = self.weights[weight + 1]  # [out], or empty
        if bias.numel() == 0:
            return torch.linear(x, self.weights[weight])  # [n, out]
        return torch.linear(x, self.weights[weight], bias)  # [n, out]
