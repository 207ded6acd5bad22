    # Attention over paged KV by our own operator. A pool [slots, kv_heads, width] is read in place, block by block, by
    # every row for itself: nothing is gathered, padded or masked.

    def rope_into_kv(self, q: Tensor, k: Tensor, v: Tensor, layer: int, cos: Tensor, sin: Tensor, positions: Tensor,
                     slots: Tensor) -> Tensor:
        return ops.graft.rope_into_kv(q, k, v, cos, sin, positions, slots, self.kv[2 * layer],
                                      self.kv[2 * layer + 1])  # [n, heads, width]

    def masks(self, single_lengths: Tensor, blocks: List[Tensor], spans: List[int]) -> List[Tensor]:
        return [single_lengths]  # what a row may see follows from its place

    def attend(self, q: Tensor, layer: int, scale: float, single_rows: Tensor, spans: List[int],
               blocks: List[Tensor], masks: List[Tensor]) -> Tensor:
        return ops.graft.attend(q, self.kv[2 * layer], self.kv[2 * layer + 1], single_rows, masks[0], blocks, spans,
                                scale, self.block_tokens)  # [n, heads * width]
