    # The paged KV pools and the rope tables.

    def add_pool(self, slots: int, heads: int, width: int) -> int:
        self.kv.append(torch.zeros([slots, heads, width], dtype=self.compute, device=self.weights[0].device))
        return len(self.kv)

    def add_rope(self, cos: Tensor, sin: Tensor) -> int:
        self.rope_table.append(cos.to(self.weights[0].device, copy=True))  # [positions, pairs]
        self.rope_table.append(sin.to(self.weights[0].device, copy=True))  # [positions, pairs]
        return len(self.rope_table)

    def scrub(self, slots: Tensor) -> int:
        # KV that is not finite must not meet another sequence, not even under a mask: 0 * nan is nan.
        for pool in self.kv:
            pool.index_fill_(0, slots, 0)
        return slots.size(0)

    def scrub_all(self) -> int:
        for pool in self.kv:
            pool.zero_()
        return len(self.kv)
