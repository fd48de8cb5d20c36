"""MuProp: the score function, the linearisation of the cost at the mean as its control variate.

Formula: ``1/n Σ_k [f(b_k) - f(μ) - f'(μ)ᵀ (b_k - μ)] ∇ log p(b_k) + f'(μ)ᵀ ∇μ``; in the loss
``a = stop(f(μ) + f'(μ)ᵀ (b - μ)) (1 - box(l)) + stop(f'(μ)) (μ - stop μ)``, f the surrogate of
what is downstream.
Unbiased: yes. The variance is that of the score function where f(μ) is far from the mean of f.
Needs: Bernoulli or OneHotCategorical; every path to every cost differentiable, also at the mean.
n + 1 evaluations, 1 of them with a gradient.
Shapes: value ``[n, *plates, *event]``, discrete.
Reference: Gu et al. 2016, arXiv:1511.05176.
Certified for: first order, exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from storch_runtime.distributions import Bernoulli, OneHotCategorical
from storch_runtime.distributions.base import sum_event
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.methods._inner import injected, minus_baseline, surrogates_and_slopes

if TYPE_CHECKING:
    pass

__all__ = ["MuProp"]


class MuProp(Method):
    """The method.

    Formula, shapes, errors and source: `storch_runtime.methods.mu_prop`.
    """

    families = (Bernoulli, OneHotCategorical)
    order = 1

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        if not torch.is_grad_enabled():
            return torch.zeros_like(draw.log_prob)
        law = draw.distribution
        assert isinstance(law, Bernoulli | OneHotCategorical)
        event = len(law.event_shape)
        costs, slopes = surrogates_and_slopes(downstream, _means(law.mean, draw, downstream))
        line = sum_event(slopes[0] * (draw.value - law.mean.detach()), event)
        if downstream.mixed:
            line = line.sum(downstream.mixed, keepdim=True)
        return minus_baseline(draw, costs[0] + line) + injected(slopes[0], law.mean, event)


def _means(mean: Tensor, draw: Drawn, downstream: Downstream) -> Tensor:
    """The mean as a point ``[1, n, *plates, *event]``; one of them serves all n where it can."""
    mean = mean.detach()
    if mean.dim() == draw.value.dim():
        return mean.unsqueeze(0)
    count = 1 if downstream.elsewhere.folds else len(draw.value)
    return mean.expand(1, count, *mean.shape)
