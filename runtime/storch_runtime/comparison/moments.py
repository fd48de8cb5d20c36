"""Running moments of a gradient, estimate after estimate, in batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

__all__ = ["PARTS", "Moments"]

PARTS = 10
"""Independent parts that the estimates are dealt to: how these differ says how bias is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What is kept of the estimates ``[P]`` of a gradient, all parameters one behind the other.

    In double precision: ``mean`` ``[P]``, the ``squares`` of the deviations from it, summed,
    ``[P]``, the ``most`` and the ``least`` of each coordinate, and ``parts`` ``[10, P]``, sums
    over every tenth batch, of ``shares`` estimates each. ``spreads`` has the variance within each
    batch, summed over each parameter, ``[parameters]``. ``places`` are those of the parameters.

    >>> moments = Moments.none({"w": slice(0, 1)}, torch.zeros(1))
    >>> moments = moments.added([torch.tensor([1.0]), torch.tensor([3.0])])
    >>> moments.count, moments.mean, moments.variance
    (2, tensor([2.], dtype=torch.float64), tensor([2.], dtype=torch.float64))
    """

    places: Mapping[str, slice]
    count: int
    mean: Tensor
    squares: Tensor
    most: Tensor
    least: Tensor
    parts: Tensor
    shares: tuple[int, ...]
    spreads: tuple[Tensor, ...]

    @classmethod
    def none(cls, places: Mapping[str, slice], like: Tensor) -> Moments:
        """Before the first estimate; ``like`` is one, ``[P]``."""
        zero = torch.zeros_like(like, dtype=torch.float64)
        ends = torch.full_like(zero, -torch.inf), torch.full_like(zero, torch.inf)
        parts = zero.new_zeros(PARTS, len(zero))
        return cls(dict(places), 0, zero, zero, *ends, parts, (0,) * PARTS, ())

    def added(self, batch: list[Tensor]) -> Moments:
        """With a batch of two estimates or more (Chan, Golub and LeVeque 1979)."""
        estimates = torch.stack(batch).double()
        count, total = len(batch), self.count + len(batch)
        mean = estimates.mean(0)
        squares = ((estimates - mean) ** 2).sum(0)
        part, step = len(self.spreads) % PARTS, mean - self.mean
        parts, shares = self.parts.clone(), list(self.shares)
        parts[part] += mean * count
        shares[part] += count
        spread = torch.stack([squares[place].sum() for place in self.places.values()])
        return replace(
            self,
            count=total,
            mean=self.mean + step * (count / total),
            squares=self.squares + squares + step**2 * (self.count * count / total),
            most=torch.maximum(self.most, estimates.amax(0)),
            least=torch.minimum(self.least, estimates.amin(0)),
            parts=parts,
            shares=tuple(shares),
            spreads=(*self.spreads, spread / (count - 1)),
        )

    @property
    def variance(self) -> Tensor:
        """The variance of one estimate, ``[P]``."""
        return self.squares / (self.count - 1)

    @property
    def reach(self) -> Tensor:
        """The largest deviation from the mean among all coordinates of a parameter, ``[P]``."""
        reach = torch.maximum(self.most - self.mean, self.mean - self.least)
        result = torch.empty_like(reach)
        for place in self.places.values():
            result[place] = reach[place].max()
        return result

    def spread(self, names: list[str]) -> tuple[float, float]:
        """The variance of these parameters, summed, and its standard error by means of batches."""
        variance = self.variance
        total = sum(float(variance[self.places[name]].sum()) for name in names)
        if len(self.spreads) < 2:
            return total, float("nan")
        wanted = [index for index, name in enumerate(self.places) if name in names]
        of_batches = torch.stack(self.spreads)[:, wanted].sum(1)
        return total, float(of_batches.std()) / len(self.spreads) ** 0.5
