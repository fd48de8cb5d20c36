"""VIMCO: the score function of a multi-sample bound, each draw compared with the others.

Formula: ``Σ_k (L - L_{-k}) ∇ log p(x_k) + ∇ L`` of the cost ``L = α m + β``,
``m = log 1/n Σ_k exp f_k``, with ``α`` and ``β`` independent of the draws. In ``L_{-k}`` the mean
of the other ``f_j`` stands for ``f_k`` (``geometric``), or the logarithm of the mean of the other
``exp f_j`` (``arithmetic``). In the loss ``a_k = (1 - box(l_k)) · stop(L_{-k})``.
A cost that does not join the draws is compared with the mean over the other draws.
In a loop ``x_k`` is a whole sequence: ``L_{-k}`` is one value, which the score of every step meets.
Unbiased: yes.
Needs: a log-probability; costs that join the plate by one ``logmeanexp`` only.
Shapes: score and control variate ``[n, *plates]``.
Raises: ValueError with n of 1.
Reference: Mnih and Rezende 2016, arXiv:1602.06725.
Certified for: any order. Variance on a toy, against the plain score function: 1/6 with 2 draws,
1/66 with 4.
"""

from __future__ import annotations

from math import log
from typing import Literal

import torch
from torch import Tensor

from storch_runtime.baselines.others import log_sum_of_others, mean_of_finite_others
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.samplers.sampler import Sampler

__all__ = ["VIMCO"]


class VIMCO(Method):
    """Each draw's baseline is the bound without it; ``mean`` says what stands in its place.

    Formula, shapes, errors and source: `storch_runtime.methods.vimco`.
    """

    def __init__(
        self,
        n: int = 2,
        *,
        mean: Literal["geometric", "arithmetic"] = "geometric",
        sampler: Sampler | None = None,
    ) -> None:
        super().__init__(n, sampler=sampler)
        self.mean = mean

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        baseline = self.baseline_value(draw, downstream)
        return torch.addcmul(baseline, draw.box, baseline, value=-1)

    def baseline_value(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """The cost without each draw, detached, broadcastable to ``[n, *plates]``."""
        dim = draw.plate_dim
        size = draw.box.shape[dim]
        if size < 2:
            raise ValueError("`VIMCO` compares the n draws of one sample: set `n` to 2 or more")
        if downstream.joined is None:
            return mean_of_finite_others(downstream.cost, dim)
        terms, slope = downstream.joined
        bound = torch.logsumexp(terms, dim, keepdim=True) - log(size)
        change = bound - self._without_each(terms, dim)
        baseline = downstream.cost - slope * change
        return torch.where(baseline.isfinite(), baseline, 0.0)

    def _without_each(self, terms: Tensor, dim: int) -> Tensor:
        """``log 1/n Σ exp`` of the terms, another in the place of each in turn."""
        size = terms.shape[dim]
        others = log_sum_of_others(terms, dim)
        if self.mean == "arithmetic":
            return others - log(size - 1)
        return torch.logaddexp(others, mean_of_finite_others(terms, dim)) - log(size)
