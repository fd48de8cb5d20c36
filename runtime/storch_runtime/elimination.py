"""Sums over sequences of outcomes, step by step: the forward algorithm.

With masses ``α_t(z) = Σ_z' α_{t-1}(z') p(z | z')``, a cost of a step is ``Σ α_{t-1}(z') p(z | z')
c(z', z)``: probabilities that sum to 1 in every step, however long the sequence, so that nothing
underflows and no logarithm is needed. Reference: Rabiner 1989, doi:10.1109/5.18626.
"""

from __future__ import annotations

from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.surrogate import harmless, vanishing

__all__ = ["Last", "pairs"]


def pairs(mass: Tensor, conditional: Tensor) -> Tensor:
    """The probability of each pair of outcomes; one that cannot have come before leads nowhere."""
    return mass * vanishing(harmless(mass, conditional))


class Last(Draw):
    """The outcomes of the last step of a loop, and the probability of each."""

    __slots__ = ()

    def __init__(self, draw: Draw, mass: Tensor) -> None:
        super().__init__(draw.value, draw.distribution, mass)
