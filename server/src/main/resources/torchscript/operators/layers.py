    # The pieces every layer is made of, by our own operators (cpp/ops): what they give is float32 but for the inputs of
    # matrices, and h, the residual stream, is changed in place.

    def norm(self, h: Tensor, weight: int, site: int, groups: List[int], scales: List[float]) -> Tensor:
        return ops.graft.norm(h, self.weights[weight], self.eps, self.compute, self.adapters, site, groups, scales,
                              self.sites)  # [n, d]

    def norm_heads(self, x: Tensor, weight: int, site: int, groups: List[int], scales: List[float]) -> Tensor:
        return ops.graft.norm(x, self.weights[weight], self.eps, 6, self.adapters, site, groups, scales,
                              self.sites)  # [n, heads, width], float32

    def project(self, x: Tensor, weight: int, sites: List[int], widths: List[int], groups: List[int],
                scales: List[float]) -> Tensor:
        # One matrix that stacks the outputs of several modules, each with a site of its own for adapters.
        return ops.graft.project(x, self.weights[weight], self.weight_scales[weight], self.weight_minima[weight],
                                 self.weights[weight + 1], self.adapters, sites, widths, groups, scales,
                                 self.sites)  # [n, sum(widths)], float32

    def project_onto(self, h: Tensor, x: Tensor, weight: int, site: int, groups: List[int],
                     scales: List[float]) -> Tensor:
        return ops.graft.project_onto(h, x, self.weights[weight], self.weight_scales[weight], self.weight_minima[weight],
                                      self.weights[weight + 1], self.adapters, site, groups, scales, self.sites)  # [n, d]

    def swiglu(self, gate_up: Tensor) -> Tensor:
        return ops.graft.swiglu(gate_up, self.compute)  # [n, inner]

    def adapter_form(self, tensor: Tensor, kind: int) -> Tensor:
        # B is read by its ranks: the same matrix, laid out as its transpose.
        return tensor.t().contiguous().t() if kind == 1 and tensor.dim() == 2 else tensor

    def turns(self, positions: Tensor) -> Tuple[Tensor, Tensor]:
        return self.rope_table[0], self.rope_table[1]  # [positions, width / 2]

    def head(self, h: Tensor, wanted: Tensor, weight: int, site: int, head_groups: List[int],
             scales: List[float]) -> Tuple[Tensor, Tensor, Tensor]:
        # Logits of the wanted rows in float32, and of each the logarithm of summed exponentials, the largest logit and its
        # id; whether rows are finite.
        x = self.norm(h.index_select(0, wanted), weight, site, head_groups, scales)  # [wanted, d]
        logits = self.linear(x, weight + 1)  # [wanted, vocabulary]
        if len(head_groups) > 0:
            self.graft_head(logits, x, site + 1, head_groups, scales)
        return logits, ops.graft.summary(logits), ops.graft.finite(h)
