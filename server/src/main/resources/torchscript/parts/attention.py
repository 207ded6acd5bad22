    # Attention over paged KV. A pool [slots, kv_heads, width] is read by blocks of self.block_tokens slots.
    # Sequences that compute one token are a batch, padded to the longest; longer slices go one by one.

    def rope_into_kv(self, q: Tensor, k: Tensor, v: Tensor, layer: int, cos: Tensor, sin: Tensor, positions: Tensor,
                     slots: Tensor) -> Tensor:
        # q: [n, heads, width]; k, v: [n, kv_heads, width]
        self.kv[2 * layer].index_copy_(0, slots, self.rope(k, cos, sin))
        self.kv[2 * layer + 1].index_copy_(0, slots, v)
        return self.rope(q, cos, sin).view([q.size(0), k.size(1), -1, q.size(2)])  # [n, kv_heads, group, width]

    def paged(self, pool: Tensor, blocks: Tensor) -> Tensor:
        # blocks: [sequences, most_blocks]
        heads, width = pool.size(1), pool.size(2)
        rows = pool.view([-1, self.block_tokens * heads * width])  # [blocks, block_tokens * kv_heads * width]
        found = rows.index_select(0, blocks.view([-1]))  # [sequences * most_blocks, ...]
        return found.view([blocks.size(0), -1, heads, width])  # [sequences, most_tokens, kv_heads, width]

    def masks(self, single_lengths: Tensor, blocks: List[Tensor], spans: List[int]) -> List[Tensor]:
        # What each query may see, as numbers added to the scores, made once a step for all layers.
        masks = [self.visible(single_lengths.unsqueeze(1), blocks[0]).unsqueeze(1).unsqueeze(1)]  # [b, 1, 1, m]
        for i in range(len(spans) // 3):
            length, end = spans[3 * i + 1], spans[3 * i + 2]
            lengths = torch.arange(end - length + 1, end + 1, device=self.weights[0].device).unsqueeze(1)  # [length, 1]
            masks.append(self.visible(lengths, blocks[i + 1]))  # [length, m]
        return masks

    def visible(self, lengths: Tensor, blocks: Tensor) -> Tensor:
        places = torch.arange(blocks.size(1) * self.block_tokens, device=self.weights[0].device)  # [m]
        hidden = places.unsqueeze(0) >= lengths  # [queries, m]
        return torch.zeros_like(hidden, dtype=self.compute).masked_fill_(hidden, -inf)  # [queries, m]

    def attend(self, q: Tensor, layer: int, scale: float, single_rows: Tensor, spans: List[int],
               blocks: List[Tensor], masks: List[Tensor]) -> Tensor:
        # q: [n, kv_heads, group, width]; single_rows: [b]; spans: start row, length, KV length of each longer slice
        keys, values = self.kv[self.pools * layer], self.kv[self.pools * layer + self.pools - 1]
        out = q
        if single_rows.size(0) > 0:
            x = q if len(spans) == 0 else q.index_select(0, single_rows)  # [b, kv_heads, group, width]
            k = self.paged(keys, blocks[0]).transpose(1, 2)  # [b, kv_heads, m, width]
            v = k if self.pools == 1 else self.paged(values, blocks[0]).transpose(1, 2)  # [b, kv_heads, m, width]
            y = torch.scaled_dot_product_attention(x, k, v, masks[0], scale=scale)  # [b, kv_heads, group, width]
            out = y if len(spans) == 0 else torch.empty_like(q).index_copy_(0, single_rows, y)
        elif len(spans) > 0:
            out = torch.empty_like(q)
        for i in range(len(spans) // 3):
            start, length = spans[3 * i], spans[3 * i + 1]
            x = q.narrow(0, start, length).permute([1, 2, 0, 3])  # [kv_heads, group, length, width]
            k = self.paged(keys, blocks[i + 1])[0].transpose(0, 1).unsqueeze(1)  # [kv_heads, 1, m, width]
            v = k if self.pools == 1 else self.paged(values, blocks[i + 1])[0].transpose(0, 1).unsqueeze(1)
            k = k.expand([-1, x.size(1), -1, -1])  # [kv_heads, group, m, width]
            v = v.expand([-1, x.size(1), -1, -1])  # [kv_heads, group, m, width]
            y = torch.scaled_dot_product_attention(x, k, v, masks[i + 1], scale=scale)
            out.narrow(0, start, length).copy_(y.permute([2, 0, 1, 3]))
        return out  # [n, kv_heads, group, width]
