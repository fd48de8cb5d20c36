"""ARM (augment, reinforce, merge): the costs of two antithetic binary vectors, and their noise.

Formula: ``1/n Σ_k (f(b_k) - f(b̃_k)) (½ - u_k)`` in the logits, ``b = 1[u < p]``,
``b̃ = 1[1 - u < p]`` with ``u`` uniform on [0, 1] in each coordinate.
Unbiased: yes.
Needs: Bernoulli; the value of the cost at the partner ``b̃``, no derivative of it. A reduction of
the plate of the pairs is refused; other plates may be reduced, as the whole value is exchanged.
Shapes: value ``[n, *plates, *event]``, control variate ``[n, *plates]``; n pairs, whose partners
are in no plate. A given value gets a partner that is drawn given the value.
Reference: Yin and Zhou 2019, arXiv:1807.11143.
Certified for: first order, exactly, with costs that join all coordinates and data plates; its
variance with one coordinate, ``Δ² [⅔ (⅛ - |½ - p|³) - p² (1 - p)²]``.
"""

from __future__ import annotations

from torch import Tensor

from storch_runtime.drawn import Drawn
from storch_runtime.methods._pairs import AntitheticPairs

__all__ = ["ARM"]


class ARM(AntitheticPairs):
    """The difference of the two costs, times how far the noise is from a half.

    Formula, shapes, errors and source: `storch_runtime.methods.arm`.
    """

    def factor(self, draw: Drawn, partner: Tensor, logits: Tensor) -> Tensor:
        """See `AntitheticPairs.factor`."""
        assert draw.points is not None
        return 2 * draw.points - 1
