    # What lives in the module. Tensors that come from Java borrow its memory, so everything kept is a copy.
    # A matrix [out, in] is kept in one of four forms, told apart by its scales (and minima):
    #   plain             weight [out, in]
    #   8 bits by rows    weight int8 [out, in] · scales [out], of the activations' type
    #   8 bits by blocks  weight int8 [out, in] · scales float16 [out, in / 32]
    #   4 bits by blocks  weight uint8 [out, in / 2] · scales, minima float16 [out, in / 32]
    # A value is code * scale (+ minimum). Byte 16 b + i of a row of 4 bits holds element 32 b + i of it in its lower
    # half and element 32 b + 16 + i in its upper one: GGUF's order, so that the bits of a file stay what they are.
    weight_scales: List[Tensor]
    weight_minima: List[Tensor]
    few_rows: int  # most rows of a batch that are multiplied with codes as they are
    values_at_once: int  # that are made of codes

    def keep(self, weight: Tensor, scales: Tensor, minima: Tensor) -> int:
        self.weights.append(weight)
        self.weight_scales.append(scales)
        self.weight_minima.append(minima)
        return len(self.weights)

    def add_weight(self, parts: List[Tensor], stored: int, kept: int, shape: List[int]) -> int:
        # parts: raw bytes, or values, of tensors that are stacked by rows; stored, kept: element types
        if parts[0].dtype != stored:
            parts = [part.view_copy(dtype=stored) for part in parts]  # view(dtype) is not in TorchScript
        rows = parts[0] if len(parts) == 1 else torch.cat(parts)
        return self.keep(self.kept_form(rows.view(shape).to(kept, copy=True)), torch.empty([0]), torch.empty([0]))

    def add_same_weight(self, earlier: int) -> int:
        return self.keep(self.weights[earlier], self.weight_scales[earlier], self.weight_minima[earlier])  # tied

    def add_codes(self, like: Tensor, bits: int, block: int, shape: List[int]) -> int:
        # Room for a matrix that fill_values and fill_blocks fill; like: any tensor on the device; block: 32, or 0 for rows
        out, device = shape[0], like.device
        by_block = [out, shape[1] // 32]
        scales = torch.empty(by_block if block > 0 else [out], dtype=5 if block > 0 else self.compute, device=device)
        if bits == 8:
            return self.keep(torch.empty(shape, dtype=1, device=device), scales, torch.empty([0]))
        codes = torch.empty([out, shape[1] // 2], dtype=0, device=device)  # [out, in / 2]
        return self.keep(codes, scales, torch.empty(by_block, dtype=5, device=device))

    def fill_values(self, weight: int, row: int, part: Tensor, stored: int, shape: List[int]) -> int:
        # part: raw bytes, or values, of rows [m, in] from row on, which are quantised here
        x = part if part.dtype == stored else part.view_copy(dtype=stored)
        return self.put(weight, row, self.encoded(weight, x.view(shape).float()))

    def fill_blocks(self, weight: int, row: int, part: Tensor, block: int, shape: List[int]) -> int:
        # part: bytes of GGUF's blocks, of 34 (Q8_0), 18 (Q4_0) or 20 (Q4_1) bytes each
        blocks = part.view([shape[0], shape[1] // 32, block])  # [m, in / 32, block]
        scales = blocks.narrow(2, 0, 2).contiguous().view_copy(dtype=5).squeeze(2)  # [m, in / 32]
        if block == 34:
            return self.put(weight, row, [blocks.narrow(2, 2, 32).reshape(shape), scales])
        minima = scales * -8
        if block == 20:
            minima = blocks.narrow(2, 2, 2).contiguous().view_copy(dtype=5).squeeze(2)  # [m, in / 32]
        codes = blocks.narrow(2, block - 16, 16).contiguous().view_copy(dtype=0)  # [m, in / 32, 16]
        return self.put(weight, row, [codes.view([shape[0], shape[1] // 2]), scales, minima])

    def put(self, weight: int, row: int, coded: List[Tensor]) -> int:
        rows = coded[0].size(0)
        self.weights[weight].narrow(0, row, rows).copy_(coded[0])
        self.weight_scales[weight].narrow(0, row, rows).copy_(coded[1])
        if len(coded) > 2:
            self.weight_minima[weight].narrow(0, row, rows).copy_(coded[2])
        return row + rows

    def encoded(self, weight: int, x: Tensor) -> List[Tensor]:
        # x: [m, in], float32; its codes, scales and minima in the form of this weight
        scales = self.weight_scales[weight]
        if self.weight_minima[weight].numel() > 0:
            return self.encoded4(x)
        rows = x if scales.dim() == 1 else x.view([x.size(0), -1, 32])  # [m, in] or [m, in / 32, 32]
        found = (rows.abs().amax([-1]) / 127).to(scales.dtype)  # [m] or [m, in / 32]
        codes = (rows / self.divisor(found)).round().clamp(-127, 127)
        return [codes.to(1).view(x.size()), found]

    def encoded4(self, x: Tensor) -> List[Tensor]:
        # The range of a block is narrowed as far as its squared error sinks: the outermost values are rare.
        rows = x.view([x.size(0), -1, 32])  # [m, in / 32, 32]
        low, high = rows.amin([2]), rows.amax([2])  # [m, in / 32] each
        scales, minima = torch.empty_like(low, dtype=5), torch.empty_like(low, dtype=5)
        codes, best = torch.empty_like(rows, dtype=0), torch.full_like(low, inf)
        for i in range(5):
            inwards = (high - low) * (0.03 * i)  # [m, in / 32], at each end
            s, m = ((high - low - 2 * inwards) / 15).to(5), (low + inwards).to(5)  # [m, in / 32] each
            c = ((rows - m.float().unsqueeze(2)) / self.divisor(s)).round().clamp(0, 15)  # [m, in / 32, 32]
            wrong = (c * s.float().unsqueeze(2) + m.float().unsqueeze(2) - rows).square().sum([2])  # [m, in / 32]
            better = wrong < best  # [m, in / 32]
            scales, minima = torch.where(better, s, scales), torch.where(better, m, minima)
            codes = torch.where(better.unsqueeze(2), c.to(0), codes)
            best = torch.where(better, wrong, best)
        packed = codes.narrow(2, 0, 16) + codes.narrow(2, 16, 16) * 16  # [m, in / 32, 16]
        return [packed.view([x.size(0), -1]), scales, minima]

    def divisor(self, scales: Tensor) -> Tensor:
        return scales.float().masked_fill(scales == 0, 1.0).unsqueeze(-1)  # where all is zero, codes are too

    def some(self, x: Tensor, row: int, rows: int) -> Tensor:
        return x if x.numel() == 0 else x.narrow(0, row, rows)

    def decoded(self, codes: Tensor, scales: Tensor, minima: Tensor) -> Tensor:
        # The values in float32: exactly those that GGUF's blocks stand for.
        rows = codes.size(0)
        if scales.numel() == 0:
            return codes.float()  # [rows, in]
        if minima.numel() > 0:
            halves = codes.view([rows, -1, 16])  # [rows, in / 32, 16]
            codes = torch.cat([torch.bitwise_and(halves, 15), torch.bitwise_right_shift(halves, 4)], 2)
            values = codes * scales.float().unsqueeze(2)  # [rows, in / 32, 32]
            return values.add_(minima.float().unsqueeze(2)).view([rows, -1])  # [rows, in]
        if scales.dim() == 1:
            return codes * scales.float().unsqueeze(1)  # [rows, in]
        return (codes.view([rows, -1, 32]) * scales.float().unsqueeze(2)).view([rows, -1])  # [rows, in]
