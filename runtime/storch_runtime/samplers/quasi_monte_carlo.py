"""Randomised quasi-Monte Carlo: the points of a Sobol sequence, shifted at random.

Formula: ``z_k = F⁻¹((s_k + v) mod 1)`` with the Sobol points ``s_k`` of as many dimensions as the
event's noise, and one uniform shift ``v`` for each element of the plates; ``w_k = 1/n``.
Needs: a family that is drawn through uniform variables; at most 21201 of them for each draw. The
points lie most evenly where n is a power of two.
Shapes: value ``[n, *plates, *event]``, no weights. Each element by itself is an exact draw, apart
from the other elements of the plates; the n draws depend on one another.
Raises: ValueError for more variables than Sobol sequences have dimensions.
Reference: Sobol 1967; Cranley and Patterson 1976, SIAM Journal on Numerical Analysis 13; Buchholz,
Wenzel and Mandt 2018, arXiv:1807.01604.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from storch_runtime.samplers._uniform import ByUniform, Column, collected, pieces

__all__ = ["QuasiMonteCarlo"]


class QuasiMonteCarlo(ByUniform):
    """Evenly spread points, in another position for each element of the plates.

    Formula, shapes, errors and source: `storch_runtime.samplers.quasi_monte_carlo`.
    """

    kind = "slot-exact"

    def uniforms(self, n: int, plates: torch.Size, event: torch.Size, like: Tensor) -> Tensor:
        """See `ByUniform.uniforms`."""
        points: Tensor = sobol(n, event.numel()).to(like.device, like.dtype)
        shift = torch.rand((*plates, *event), dtype=like.dtype, device=like.device)
        shifted = points.reshape(n, *(1,) * len(plates), *event) + shift

        return shifted.frac()

    def columns(self, edges: list[float], n: int, place: tuple[int, int]) -> dict[Column, float]:
        """See `ByUniform.columns`."""
        number, size = place
        points = sobol(n, size)[:, number].tolist()
        cuts = [(edge - point) % 1 for point in points for edge in (0.0, *edges)]
        listed = [
            (tuple((point + middle) % 1 for point in points), length)
            for middle, length in pieces(cuts)
        ]
        return collected(edges, listed)


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def sobol(n: int, size: int) -> Tensor:
    """The first n points of the Sobol sequence, ``[n, size]``; to a compiler they are constants."""
    return _sobol(n, size)


@lru_cache(maxsize=64)
def _sobol(n: int, size: int) -> Tensor:
    engine = torch.quasirandom.SobolEngine(size)  # type: ignore[no-untyped-call]
    points: Tensor = engine.draw(n, dtype=torch.float64)
    return points
