"""RELAX: the score function, its cost lowered by a critic that learns to.

Formula: as REBAR's, ``1/n Σ_k (f(b_k) - η c(z̃_k)) ∇ log p(b_k) + η ∇c(z_k) - η ∇c(z̃_k)``, with
``c(z) = c_φ(σ(z/τ))`` (of classes: softmax), c_φ a module of the user's.
In a loop this is so in every step, with the costs of that step and later ones as f. What else c_φ
is told is known before the draw, and detached.
Unbiased: yes, whatever η, τ and c_φ are.
Trains: η, log τ and c_φ (``learn``), on the mean over elements of the squared estimate; in
a loop of the sum of those of all steps.
Needs: Bernoulli, OneHotCategorical or Categorical, whose critic takes the one-hot relaxation. The
cost may be anything; 1 evaluation of it, 2 of the critic.
Shapes: value ``[n, *plates, *event]``, discrete; points ``[2, n, *plates, *event]`` (Categorical:
``[2, n, *plates, *event, C]``); critic ``[N, *event]``, and what it is told, to ``[N]``.
Raises: ValueError without a critic.
Reference: Grathwohl et al. 2018, arXiv:1711.00123.
Certified for: first order, exactly by quadrature (one bit, also in loops; three classes), joint
events by a million draws; the variance falls when it is trained.
"""

from __future__ import annotations

from torch import Tensor

from storch_runtime.distributions import Bernoulli, Categorical, OneHotCategorical
from storch_runtime.downstream import Downstream
from storch_runtime.methods._inner import criticized
from storch_runtime.methods._relaxed import Relaxed

__all__ = ["RELAX"]


class RELAX(Relaxed):
    """The relaxed cost is the critic's.

    Formula, shapes, errors and source: `storch_runtime.methods.relax`.
    """

    families = (Bernoulli, OneHotCategorical, Categorical)

    def surface(self, relaxed: Tensor, downstream: Downstream) -> Tensor:
        """See `Relaxed.surface`."""
        return criticized(downstream, relaxed, relaxed.dim() - 1 - downstream.cost.dim())
