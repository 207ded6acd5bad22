    # A mixture of experts: each token passes the few experts its router picks. Weights from at: router [experts, d] and
    # correction bias [experts], both float32; all experts' gate|up, bias; all experts' down, bias.
    # Sites from site: the router, then gate, up, down of each expert.

    def route(self, x: Tensor, at: int, site: int, groups: List[int], scales: List[float]) -> Tuple[Tensor, Tensor]:
        # x: [n, d]; returns the chosen experts and their weights, [n, per_token] each
        n = x.size(0)
        logits = torch.linear(x.float(), self.weights[at])  # [n, experts]
        self.graft(logits, x, site, groups, scales)
        scores = logits.sigmoid() if self.sigmoid else logits.softmax(-1)  # [n, experts]
        choice = scores  # [n, experts]
        if self.weights[at + 1].numel() > 0:
            choice = scores + self.weights[at + 1]
        if self.expert_groups > 1:
            grouped = choice.view([n, self.expert_groups, -1])  # [n, groups, experts / groups]
            best = grouped.topk(2, -1)[0].sum([-1]) if self.sigmoid else grouped.max(-1)[0]  # [n, groups]
            taken = best.topk(self.top_groups, -1)[1]  # [n, top_groups]
            open = torch.zeros_like(best).scatter_(1, taken, 1.0).unsqueeze(2)  # [n, groups, 1]
            choice = grouped.masked_fill(open == 0, 0.0).view([n, -1])  # [n, experts]
        chosen = choice.topk(self.per_token, -1)[1]  # [n, per_token]
        weights = scores.gather(1, chosen)  # [n, per_token]
        if self.normalise:
            weights = weights / (weights.sum([-1], True) + 1e-20)
        return chosen, weights * self.routed_scaling

    def groups_of(self, rows: Tensor, groups: List[int]) -> List[int]:
        # rows: [m], rising. Where the groups' ranges lie among them.
        found: List[int] = []
        for g in range(len(groups) // 3):
            start = int((rows < groups[3 * g]).sum())
            end = int((rows < groups[3 * g] + groups[3 * g + 1]).sum())
            found.append(start)
            found.append(end - start)
            found.append(groups[3 * g + 2])
        return found

    def experts(self, x: Tensor, at: int, site: int, groups: List[int], scales: List[float]) -> Tensor:
        d, inner = x.size(1), self.expert_inner
        chosen, weights = self.route(x, at, site, groups, scales)
        out = torch.zeros_like(x, dtype=6)  # [n, d], float32
        used = torch._unique(chosen)[0]
        for i in range(used.size(0)):
            e = int(used[i])
            hit = chosen == e  # [n, per_token]
            rows = hit.any(1).nonzero().view([-1])  # [m]
            own, own_groups = x.index_select(0, rows), self.groups_of(rows, groups)  # [m, d]
            gate_up = self.rows_linear(own, at + 2, e * 2 * inner, 2 * inner)  # [m, 2 * inner]
            self.graft(gate_up.narrow(1, 0, inner), own, site + 3 * e + 1, own_groups, scales)
            self.graft(gate_up.narrow(1, inner, inner), own, site + 3 * e + 2, own_groups, scales)
            gate, up = gate_up.chunk(2, -1)  # [m, inner] each
            y = torch.silu(gate) * up  # [m, inner]
            down = self.rows_linear(y, at + 4, e * d, d)  # [m, d]
            self.graft(down, y, site + 3 * e + 3, own_groups, scales)
            share = (weights * hit).sum([1]).index_select(0, rows).unsqueeze(1)  # [m, 1]
            out.index_add_(0, rows, down.float() * share)
        return out
