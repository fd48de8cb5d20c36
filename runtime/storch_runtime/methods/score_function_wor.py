"""The score function at values drawn without replacement, with a baseline of its own.

Formula: ``Σ_{s in S} w_s (f_s - b_s) ∇ log p_s``, S the k largest perturbed log-probabilities,
κ the next one, ``w_s = p_s / q_s``, ``q_s = 1 - exp(-exp(log p_s - κ))`` detached, and
``b_s = p_s f_s + Σ_{s' ≠ s} w_s' f_s'``. Biased: with ``W = Σ w_s`` and ``W_s = W - w_s + p_s``
the weights are ``w_s / W``, the gradient ``Σ w_s / W_s (f_s - Σ w f / W) ∇ log p_s``.
Unbiased: yes, and without variance where k is the size of the support or more; with ``biased`` no.
The weights have heavy tails: the variance is infinite for k < 4 (without the baseline: k < 2).
Needs: finitely many values of the event; its places are independent.
Shapes: score and weights ``[k, *plates]``; an element that holds no value has weight 0.
Raises: ValueError `in` a plate of another method, and where values are given: they do not tell
their weights.
Reference: Kool et al. 2019, openreview r1lgTGL5DE; stochastic beam search: arXiv:1903.06059.
Certified for: any order, also of joint samples of several variables. Measured bias of ``biased``
on five classes: 0.155 of the gradient for k = 2, 0.044 for 3, 0.014 for 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.joint import Joint
from storch_runtime.methods._joint import JointMethod, behind
from storch_runtime.samplers.without_replacement import NOT_REPLAYED, inclusion_weights

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.draw import Draw

__all__ = ["ScoreFunctionWOR"]


class ScoreFunctionWOR(JointMethod):
    """The score function without replacement; ``biased`` weights are normalised.

    Formula, shapes, errors and source: `storch_runtime.methods.score_function_wor`.
    """

    rest = False

    def __init__(
        self,
        k: int = 1,
        *,
        biased: bool = False,
        use_baseline: bool = True,
    ) -> None:
        super().__init__(k, use_baseline=use_baseline)
        self.biased = biased

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """Refused: values do not tell the weights that they were drawn with."""
        raise ValueError(NOT_REPLAYED.format(type(self).__name__))

    def weigh(self, joint: Joint) -> Tensor:
        """See `JointMethod.weigh`."""
        weight = inclusion_weights(joint)
        return weight / weight.sum(0) if self.biased else weight

    def baseline(self, joint: Joint, cost: Tensor) -> Tensor:
        """See `JointMethod.baseline`."""
        weight = behind(inclusion_weights(joint), cost)
        mass = behind(joint.masses.exp(), cost)
        weighted = weight * cost
        total = weighted.sum(0)
        if not self.biased:
            return total - weighted + mass * cost
        whole = weight.sum(0)
        own = (whole - weight).clamp(min=0.0) + mass
        scale = torch.where(own > 0, whole / own, 1.0)
        return cost - scale * (cost - total / whole)
