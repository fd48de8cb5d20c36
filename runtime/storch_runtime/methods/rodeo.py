"""RODEO: leave-one-out, and two control variates of mean zero that a small network makes.

Formula: ``1/n Σ_k [f_k - mean_{j≠k}(f_j + α (A h_j)(b_j))] s(b_k) + β (A h'_k s)(b_k)`` in the
logits, ``s(b) = b - θ``, with the Stein operator of the Gibbs sampler over the D coordinates,
``(A h)(b) = 1/D Σ_i P(x_i = 1 - b_i) (h(b^i) - h(b))``, ``b^i`` being b with coordinate i flipped.
``h_k`` and ``h'_k`` are the two outputs of a network at ``(f'(b_j)ᵀ (y - b_j), f_j)``, averaged
over the other draws j; f' is the derivative of the surrogate of what is downstream.
Unbiased: yes, whatever the network, α and β are.
Trains: the network, α and β (from 0), on the squared average estimate.
Needs: Bernoulli; every path to every cost differentiable; n of 2 or more independent draws in a
plate that nothing mixes. 2n evaluations, n of them with a gradient; the network sees
``n (n - 1) (D + 1)`` pairs for each element of the plates, of any sizes.
Shapes: value ``[n, *plates, *event]``, discrete.
Raises: ValueError with n of 1.
Reference: Shi et al. 2022, arXiv:2202.09497.
Certified for: first order, exactly, for arbitrary networks; the variance falls when it is trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from storch_runtime.baselines.others import mean_of_others
from storch_runtime.distributions import Bernoulli
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.methods._inner import (
    SelfTrained,
    check_several,
    injected,
    minus_baseline,
    squares,
    surrogates_and_slopes,
)

if TYPE_CHECKING:
    pass

__all__ = ["RODEO"]


class RODEO(SelfTrained):
    """The method; ``alpha``, ``beta`` and ``network`` are its own.

    Formula, shapes, errors and source: `storch_runtime.methods.rodeo`.
    """

    families = (Bernoulli,)

    def __init__(self, n: int = 2) -> None:
        super().__init__(n)
        self.alpha = nn.Parameter(torch.zeros(()))
        self.beta = nn.Parameter(torch.zeros(()))
        self.network = nn.Sequential(nn.Linear(2, 100), nn.LeakyReLU(0.3), nn.Linear(100, 2))

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        if not torch.is_grad_enabled():
            return torch.zeros_like(draw.log_prob)
        check_several(self, draw)
        law, dim = draw.distribution, draw.plate_dim
        assert isinstance(law, Bernoulli)
        slopes = surrogates_and_slopes(downstream, draw.value.unsqueeze(0))[1][0]
        plates = draw.log_prob.dim()
        value = _flat(draw.value.detach(), plates, dim)
        probs = _flat(law.probs.detach().expand_as(draw.value), plates, dim)
        costs = downstream.cost.movedim(dim, 0)
        with torch.set_grad_enabled(self.learns(draw)):
            here, there = self._functions(value, _flat(slopes, plates, dim), costs)
            first, second = _stein(value, probs, here, there)
            baseline = mean_of_others(costs + self.alpha * first, 0)
            back = self.beta * second
        if self.learns(draw):
            signal = (costs - baseline).unsqueeze(-1)
            estimate = (signal * (value - probs) + back).mean(0)
            self.train_on(squares([estimate], estimate.dim() - 1).mean(), downstream)
        back = back.movedim(0, dim).reshape(draw.value.shape)
        return minus_baseline(draw, baseline.movedim(0, dim)) + injected(
            back, law.logits, law.event
        )

    def _functions(self, value: Tensor, slopes: Tensor, costs: Tensor) -> tuple[Tensor, Tensor]:
        """The network at each value ``[n, ..., 2]`` and at its neighbours ``[n, ..., D, 2]``."""
        n = len(value)
        counted = torch.arange(n, device=value.device)
        others = (counted.unsqueeze(-1) + counted[1:]) % n  # [n, n - 1]: all but itself
        here = (slopes[others] * (value.unsqueeze(1) - value[others])).sum(-1, keepdim=True)
        there = here + slopes[others] * (1 - 2 * value).unsqueeze(1)
        known = costs[others].unsqueeze(-1)
        return self._network(here, known).squeeze(-2), self._network(there, known)

    def _network(self, line: Tensor, cost: Tensor) -> Tensor:
        features = torch.stack(torch.broadcast_tensors(line, cost), -1)  # type: ignore[no-untyped-call]
        kept = next(self.network.parameters()).dtype
        found: Tensor = self.network(features.to(kept))
        return found.mean(1).to(line.dtype)


def _flat(tensor: Tensor, plates: int, dim: int) -> Tensor:
    """``[n, ..., D]``: the compared plate first, the event as one dimension at the end."""
    return tensor.reshape(*tensor.shape[:plates], -1).movedim(dim, 0)


def _stein(value: Tensor, probs: Tensor, here: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """``(A h)(b)`` ``[n, ...]`` and ``(A h' s)(b)`` ``[n, ..., D]``."""
    flipped = probs * (1 - value) + (1 - probs) * value
    rise = flipped.unsqueeze(-1) * (there - here.unsqueeze(-2))
    total = rise.mean(-2)
    own = flipped * there[..., 1] * (1 - 2 * value) / value.shape[-1]
    return total[..., 0], (value - probs) * total[..., 1:] + own
