"""DisARM (U2G): ARM with its noise integrated out, given the two antithetic binary vectors.

Formula: ``1/n Σ_k ½ (f(b_k) - f(b̃_k)) (b_k - b̃_k) σ(|φ|)`` in the logits φ, ``b = 1[u < p]``,
``b̃ = 1[1 - u < p]`` with ``u`` uniform on [0, 1] in each coordinate.
Unbiased: yes, and of no more variance than ARM.
Needs: Bernoulli; the value of the cost at the partner ``b̃``, no derivative of it. A reduction of
the plate of the pairs is refused; other plates may be reduced, as the whole value is exchanged.
Shapes: value ``[n, *plates, *event]``, control variate ``[n, *plates]``; n pairs, whose partners
are in no plate. A given value gets a partner that is drawn given the value.
Reference: Dong, Mnih and Tucker 2020, arXiv:2006.10680; U2G: Yin et al. 2020, arXiv:2006.06448.
Certified for: first order, exactly, with costs that join all coordinates and data plates; its
variance with one coordinate, ``Δ² p (1 - p) (max(p, 1 - p)/2 - p (1 - p))``.
"""

from __future__ import annotations

from torch import Tensor

from storch_runtime.drawn import Drawn
from storch_runtime.methods._pairs import AntitheticPairs

__all__ = ["DisARM"]


class DisARM(AntitheticPairs):
    """The difference of the two costs, in every coordinate where the two values differ.

    Formula, shapes, errors and source: `storch_runtime.methods.dis_arm`.
    """

    def factor(self, draw: Drawn, partner: Tensor, logits: Tensor) -> Tensor:
        """See `AntitheticPairs.factor`."""
        return (draw.value - partner) * logits.abs().sigmoid()
