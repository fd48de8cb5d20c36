"""Double control variates: each draw's cost lowered by the others', and by their linearisations.

Formula: ``1/n Σ_k [f_k + h_k - mean_{j≠k}(f_j + h_j)] ∇ log p(b_k) - α g_kᵀ ∇θ`` with
``g_k = mean_{j≠k} f'(b_j)`` and ``h_k = α (b_k - θ)ᵀ g_k``. In the loss
``a = stop(mean_{j≠k}(f_j + h_j) - h_k) (1 - box(l)) - stop(α g_k)ᵀ (θ - stop θ)``; f' is the
derivative of the surrogate of what is downstream, evaluated once more. The paper has ``f'(b_k)`` in
the place of the last ``g_k``: the same sum, unless the draws stand ``in`` a plate and θ differs.
Unbiased: yes, whatever α is. With this sign a cost that is nearly linear wants α near -1.
Trains: α, from 0, on the squared average estimate; there it is leave-one-out.
Needs: Bernoulli; every path to every cost differentiable; n of 2 or more independent draws in a
plate that nothing mixes. 2n evaluations, n of them with a gradient.
Shapes: value ``[n, *plates, *event]``, discrete.
Raises: ValueError with n of 1.
Reference: Titsias and Shi 2022, arXiv:2111.05300.
Certified for: first order, exactly, for any α; the variance falls when it is trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from storch_runtime.baselines.others import mean_of_others
from storch_runtime.distributions import Bernoulli
from storch_runtime.distributions.base import sum_event
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.methods._inner import (
    SelfTrained,
    check_several,
    injected,
    minus_baseline,
    spread_over,
    squares,
    surrogates_and_slopes,
)

if TYPE_CHECKING:
    pass

__all__ = ["DoubleCV"]


class DoubleCV(SelfTrained):
    """The method; ``alpha`` is its parameter.

    Formula, shapes, errors and source: `storch_runtime.methods.double_cv`.
    """

    families = (Bernoulli,)

    def __init__(self, n: int = 2) -> None:
        super().__init__(n)
        self.alpha = nn.Parameter(torch.zeros(()))

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        if not torch.is_grad_enabled():
            return torch.zeros_like(draw.log_prob)
        check_several(self, draw)
        law, dim = draw.distribution, draw.plate_dim
        assert isinstance(law, Bernoulli)
        slopes = surrogates_and_slopes(downstream, draw.value.unsqueeze(0))[1][0]
        score = (draw.value - law.probs).detach()
        others = mean_of_others(slopes, dim)
        line = sum_event(score * others, law.event)
        if downstream.mixed:
            line = line.sum(downstream.mixed, keepdim=True)
        lowered = downstream.cost + self.alpha * line
        baseline = mean_of_others(lowered, dim) - self.alpha * line
        if self.learns(draw):
            signal = spread_over(downstream.cost - baseline, law.event)
            back = self.alpha * law.variance.detach() * others
            estimate = (signal * score - back).mean(dim)
            self.train_on(squares([estimate], estimate.dim() - law.event).mean(), downstream)
        path = injected(-self.alpha * others, law.probs, law.event)
        return minus_baseline(draw, baseline) + path
