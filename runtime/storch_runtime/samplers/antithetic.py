"""Antithetic pairs: a draw, and the one of the opposite noise.

Formula: ``z_k = F⁻¹(u_k)``, ``z_{k + n/2} = F⁻¹(1 - u_k)`` for ``k = 1 … n/2``, ``w_k = 1/n``.
Needs: n even, and a family that is drawn through uniform variables.
Shapes: value ``[n, *plates, *event]``, no weights. Each element by itself is an exact draw, apart
from the other elements of the plates; the two of a pair depend on one another.
Raises: ValueError where n is odd.
Reference: Hammersley and Morton 1956, A new Monte Carlo technique: antithetic variates.
"""

from __future__ import annotations

from itertools import product
from math import prod

import torch
from torch import Tensor

from storch_runtime.samplers._uniform import ByUniform, Column, collected, pieces

__all__ = ["Antithetic"]


class Antithetic(ByUniform):
    """The second half of the draws has the opposite noise of the first.

    Formula, shapes, errors and source: `storch_runtime.samplers.antithetic`.
    """

    kind = "slot-exact"

    def uniforms(self, n: int, plates: torch.Size, event: torch.Size, like: Tensor) -> Tensor:
        """See `ByUniform.uniforms`."""
        if n % 2:
            raise ValueError(f"`Antithetic` draws pairs, so n must be even, but it is {n}")
        shape = (n // 2, *plates, *event)
        half = torch.rand(shape, dtype=like.dtype, device=like.device)
        return torch.cat((half, 1 - half))

    def columns(self, edges: list[float], n: int, place: tuple[int, int]) -> dict[Column, float]:
        """See `ByUniform.columns`."""
        parts = pieces([*edges, *(1 - edge for edge in edges)])
        listed = []
        for choice in product(parts, repeat=n // 2):
            half = [middle for middle, _ in choice]
            chance = prod(length for _, length in choice)
            listed.append(((*half, *(1 - u for u in half)), chance))
        return collected(edges, listed)
