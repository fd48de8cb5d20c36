"""What the moments of an estimator tell of its bias, against those of a reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import torch
from torch import Tensor

from storch_runtime.comparison.moments import Moments

__all__ = ["Bias", "Truth", "judge"]

CHANCE = 2 * NormalDist().cdf(-5.0)
"""How often a right estimator may be called biased: as often as 5 standard errors allow."""

ENOUGH = 1000
"""Estimates of scores or weights that a verdict takes: with fewer, what is rare is never drawn."""

ROUNDING = 1000
"""Roundings of the largest number that a gradient's coordinates may differ by."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Moments of a gradient, ``random`` where its estimates draw, in the model's ``precision``.

    A single estimate may lie ``farther`` off than any that was seen: one that is made of scores or
    weights is large where a draw is rare, and as long as that was not drawn nothing tells.
    """

    moments: Moments
    random: bool
    precision: torch.dtype
    farther: float = 0.0

    def parts(self) -> Tensor:
        """The means of independent parts, ``[parts, P]``; what draws nothing has one mean."""
        moments = self.moments
        if not self.random:
            return moments.mean.expand_as(moments.parts)
        shares = moments.parts.new_tensor(moments.shares).unsqueeze(1)
        return (moments.parts / shares)[: sum(share > 0 for share in moments.shares)]


@dataclass(frozen=True, slots=True)
class Bias:
    """How far a mean gradient lies from the true one.

    ``length`` is that of the deviation, as its square is estimated without the variance in it, with
    its standard ``error``; ``found`` says whether it is biased beyond doubt. ``place`` is the
    coordinate that lies farthest, by ``deviation``, which are so many ``standard_errors``.
    ``unseen`` names parameters of which all estimates are the same, and not the true gradient:
    a rare draw may carry what lacks, or it is a bias.
    """

    length: float
    error: float
    found: bool
    place: str
    deviation: float
    standard_errors: float
    unseen: tuple[str, ...] = ()

    @property
    def bound(self) -> float:
        """The length that a bias has at most, as far as can be seen (two standard errors)."""
        return self.length + 2 * self.error


def judge(found: Truth, true: Truth, shapes: Mapping[str, torch.Size]) -> Bias:
    """Hold an estimator's moments to those of the true gradient.

    Each coordinate may lie as far off as Bernstein's inequality has it, at a chance of 5 standard
    errors for all of them together: ``z σ/√n + z² M/(3 n)``, with z beyond 5 as there are more
    coordinates, and M the largest deviation among the coordinates of the same parameter, or
    one that lies farther. By its second term what is rare or has heavy tails is not taken for a
    bias.
    """
    there, truth = found.moments, true.moments
    deviation = (there.mean - truth.mean).abs()
    z = -NormalDist().inv_cdf(CHANCE / (2 * len(deviation)))
    square, reach = _share(found)
    true_square, true_reach = _share(true)
    errors = (square + true_square).sqrt()
    limit = z * errors + z * z / 3 * (reach + true_reach) + _rounding(found, true)
    excess = deviation / limit
    blind = _unmoved(found) | _unmoved(true)
    unseen = [name for name, p in there.places.items() if bool((blind & (excess > 1))[p].any())]
    excess = excess.masked_fill(blind, 0.0)
    worst = int(excess.nan_to_num().argmax())
    length, error = _length(found, true)
    error_there = errors[worst].item()
    off = deviation[worst].item()
    return Bias(
        length,
        error,
        excess[worst].item() > 1 and _is_enough(found) and _is_enough(true),
        _place(worst, there.places, shapes),
        off,
        off / error_there if error_there else float("inf"),
        tuple(unseen),
    )


def _share(of: Truth) -> tuple[Tensor, Tensor]:
    """The squared standard error of the mean, and the reach of one estimate in it, ``[P]``."""
    moments = of.moments
    if not of.random:
        return torch.zeros_like(moments.mean), torch.zeros_like(moments.mean)
    reach = moments.reach.clamp(min=of.farther)
    return moments.variance / moments.count, reach / moments.count


def _is_enough(of: Truth) -> bool:
    return of.farther == 0 or of.moments.count >= ENOUGH


def _unmoved(of: Truth) -> Tensor:
    """Where draws have made no difference yet, ``[P]``."""
    return (of.moments.reach == 0) & of.random


def _rounding(found: Truth, true: Truth) -> float:
    largest = max(found.moments.mean.abs().max().item(), true.moments.mean.abs().max().item())
    coarser = max(torch.finfo(side.precision).eps for side in (found, true))
    return max(ROUNDING * coarser * largest, torch.finfo(torch.float64).tiny)


def _length(found: Truth, true: Truth) -> tuple[float, float]:
    """The length of the mean deviation, and its standard error; infinite with too few estimates.

    Parts of both deviate independently: the products of different deviations have the squared
    length as their mean, and no variance in it. The error is that of the jackknife.
    """
    ours, others = found.parts(), true.parts()
    count = min(len(ours), len(others))
    apart = ours[:count] - others[:count]
    if not (found.random or true.random):
        return float(apart[0].norm()), 0.0
    if count < 3:
        return float(apart.mean(0).norm()), float("inf")
    products = apart @ apart.T
    products.fill_diagonal_(0)
    total = products.sum()
    square = (total / (count * (count - 1))).item()
    without = (total - 2 * products.sum(1)) / ((count - 1) * (count - 2))
    spread = ((without - without.mean()) ** 2).sum() * (count - 1) / count
    length, error = sqrt(max(0.0, square)), sqrt(float(spread))
    return length, error / (2 * length) if length**2 > error else sqrt(error)


def _place(index: int, places: Mapping[str, slice], shapes: Mapping[str, torch.Size]) -> str:
    """A coordinate by its parameter and index: ``encoder.0.weight[3, 5]``."""
    name = next(name for name, place in places.items() if place.start <= index < place.stop)
    rest, numbers = index - places[name].start, list[str]()
    for size in reversed(shapes[name]):
        rest, number = divmod(rest, size)
        numbers.insert(0, str(number))
    return f"{name}[{', '.join(numbers)}]" if numbers else name
