"""Rao-Blackwellised score function: all of the most probable values but one drawn from the rest.

Formula: ``Σ_{x in C} p(x) f(x) ∇ log p(x) + (1 - p(C)) f(x') ∇ log p(x')``, C the k - 1 most
probable values, x' drawn from p restricted to what is left: `SumAndSample` with one sample.
Unbiased: yes; without variance where k is at least the size of the support.
Needs: finitely many values of the event.
Shapes: score ``[k, *plates]``, weights ``[k, *plates]`` of the sampler.
Reference: Liu et al. 2019, arXiv:1810.04777.
Certified for: any order.
"""

from __future__ import annotations

from storch_runtime.method import Method
from storch_runtime.samplers.sum_and_sample import SumAndSample

__all__ = ["RaoBlackwellSF"]


class RaoBlackwellSF(Method):
    """The score function at ``k`` values, all of them different."""

    def __init__(self, k: int) -> None:
        super().__init__(k, sampler=SumAndSample(k - 1, 1))
