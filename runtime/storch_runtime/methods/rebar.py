"""REBAR: the score function, its cost lowered by the relaxed cost that goes with the value.

Formula: ``1/n Σ_k (f(b_k) - η c(z̃_k)) ∇ log p(b_k) + η ∇c(z_k) - η ∇c(z̃_k)`` in the logits, where
``z = logits + noise``, ``b`` is what it rounds to, ``z̃`` is drawn again given ``b`` and
``c(z) = f(σ(z/τ))`` (of classes: softmax). ``∇c(z̃)`` goes through the law of z̃ given b, b fixed.
In the loss: ``a = stop(η c(z̃)) (1 - box(l)) + stop(η ∂c/∂z) (z - stop z) - stop(η ∂c/∂z̃) (z̃ - stop
z̃)``, and for f the surrogate of what is downstream.
Unbiased: yes, whatever η and τ are.
Trains: η and log τ (``learn``), on the mean over elements of the squared estimate.
Needs: Bernoulli or OneHotCategorical; every path to every cost differentiable, also between the
values that can be drawn, not cut off by a stop-gradient, and without bias from methods below: else
the slope is not that of c, and the gradient is biased. 3 evaluations, 2 of them with a gradient.
Shapes: value ``[n, *plates, *event]``, discrete; points ``[2, n, *plates, *event]``.
Reference: Tucker et al. 2017, arXiv:1703.07370.
Certified for: first order, exactly by quadrature (one bit, three classes), joint events by a
million draws, also above a score function. Its slopes are implicit, and finite for any logits.
"""

from __future__ import annotations

from torch import Tensor

from storch_runtime.downstream import Downstream
from storch_runtime.methods._relaxed import Relaxed

__all__ = ["REBAR"]


class REBAR(Relaxed):
    """The relaxed cost is the story's own, at the relaxed value.

    Formula, shapes, errors and source: `storch_runtime.methods.rebar`.
    """

    def surface(self, relaxed: Tensor, downstream: Downstream) -> Tensor:
        """See `Relaxed.surface`."""
        return downstream.surrogates_at(relaxed)
