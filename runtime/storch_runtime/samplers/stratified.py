"""Latin hypercube sampling: one draw from each of n equally likely strata, at every place.

Formula: ``z_k = F⁻¹((π(k) + u_k)/n)`` with a random permutation π of 0 … n - 1, another one at
each element of the event and of the plates; ``w_k = 1/n``.
Needs: a family that is drawn through uniform variables.
Shapes: value ``[n, *plates, *event]``, no weights. The draws depend on one another.
Reference: McKay, Beckman and Conover 1979, Technometrics 21.
"""

from __future__ import annotations

from itertools import permutations, product
from math import factorial, prod

import torch
from torch import Tensor

from storch_runtime.samplers._uniform import ByUniform, Column, collected, pieces

__all__ = ["Stratified"]


class Stratified(ByUniform):
    """Every stratum is visited once, in an order of its own at every place.

    Formula, shapes, errors and source: `storch_runtime.samplers.stratified`.
    """

    kind = "linear-exact"

    def uniforms(self, n: int, plates: torch.Size, event: torch.Size, like: Tensor) -> Tensor:
        """See `ByUniform.uniforms`."""
        shape = (n, *plates, *event)
        order = torch.rand(shape, dtype=like.dtype, device=like.device).argsort(0)
        within = torch.rand(shape, dtype=like.dtype, device=like.device)
        return (order + within) / n

    def columns(self, edges: list[float], n: int, place: tuple[int, int]) -> dict[Column, float]:
        """See `ByUniform.columns`."""
        strata = [pieces(edges, j / n, (j + 1) / n) for j in range(n)]
        listed = []
        for order in permutations(strata):
            for choice in product(*order):
                chance = prod(length * n for _, length in choice) / factorial(n)
                listed.append((tuple(middle for middle, _ in choice), chance))
        return collected(edges, listed)
