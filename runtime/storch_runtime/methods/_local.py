"""The exact derivative by one coordinate after the other, the others as they were drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.surrogate import harmless


def swapped_everywhere(draw: Drawn, downstream: Downstream) -> Tensor:
    """``Σ_d Σ_c (f(x_d = c) - f(x)) (p_d(c) - stop(p_d(c)))``: ``[n, *plates]``, of value 0.

    Every coordinate is set to each of its other outcomes, by one evaluation of all of these values.
    """
    law = draw.distribution
    table = law.place_log_probs().exp()  # [C, *plates, places]
    index = law.place_indices(draw.value)  # [n, *plates, places]
    others = _others(index, len(table))
    costs = downstream.costs_at(law.place_values(others.flatten(0, 1)))
    gain = (costs - downstream.cost).reshape(*others.shape[:2], *costs.shape[1:]).movedim(1, -1)
    chosen = torch.diagonal(others, dim1=1, dim2=-1)
    plates = index.dim() - (table.dim() - 1)
    table = table[(slice(None), *(None,) * plates)].expand(len(table), *index.shape)
    chance = table.gather(0, chosen)
    gain = harmless(chance.detach(), gain)
    return (gain * (chance - chance.detach())).sum((0, -1))


def _others(index: Tensor, outcomes: int) -> Tensor:
    """``[C - 1, places, n, *plates, places]``: one place at each of its other outcomes."""
    places = index.shape[-1]
    step = torch.arange(1, outcomes, device=index.device)[:, None, None]
    moved = step * torch.eye(places, dtype=index.dtype, device=index.device)
    moved = moved.reshape(outcomes - 1, places, *(1,) * (index.dim() - 1), places)
    return (index + moved) % outcomes
