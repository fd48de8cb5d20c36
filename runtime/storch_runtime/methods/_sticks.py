"""Coupled categorical draws: a stick broken class by class, by the Dirichlet copula.

The classes are sorted, the least likely first, so that each break takes at most half of what is
left. Whether it is taken is decided for n draws together, each by a uniform variable
``(1 - d_k)^(n-1)``, ``d`` uniform on the simplex: the draws avoid one another as far as they can.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import torch
from torch import Tensor

Column = tuple[int, ...]
"""Where the stick of each of n draws breaks."""


def sticks(chances: Tensor) -> tuple[Tensor, Tensor]:
    """Of ``[C, …]`` the classes in order ``[C, …]``, and what each break takes ``[C - 1, …]``."""
    ordered, order = chances.sort(0)
    left = ordered.flip(0).cumsum(0).flip(0)
    return order, (ordered / left)[:-1]


def coupled_breaks(shares: Tensor, n: int) -> Tensor:
    """Where the sticks of n draws break, ``[n, …]``, for shares ``[C - 1, …]``."""
    waits = shares.new_empty((n, *shares.shape)).exponential_()
    others = _others(waits)
    uniform = (others / (others + waits)).pow(n - 1)
    taken = torch.cat((uniform < shares, shares.new_ones((n, 1, *shares.shape[1:])).bool()), 1)
    return taken.to(torch.uint8).argmax(1)


def _others(waits: Tensor) -> Tensor:
    """The sum of all others along the first dimension, without a difference of large numbers."""
    none = torch.zeros_like(waits[:1])
    before = torch.cat((none, waits[:-1])).cumsum(0)
    return before + torch.cat((none, waits.flip(0)[:-1])).cumsum(0).flip(0)


def repeated(shares: Tensor, n: int) -> Tensor:
    """The probability that another of n draws takes a break that one takes."""
    return (2 - shares.pow(-1 / (n - 1))).clamp(min=0).pow(n - 1)


def ratios(shares: Tensor, n: int) -> Tensor:
    """``p(i) p(j) / P(i, j)`` of two draws that break apart, by the first break: ``[C - 1, …]``."""
    again = repeated(shares, n)
    neither = (1 - 2 * shares + shares * again).clamp(min=torch.finfo(shares.dtype).eps)
    before = ((1 - shares).square() / neither).cumprod(0)
    before = torch.cat((torch.ones_like(before[:1]), before[:-1]))
    return before * (1 - shares) / (1 - again)


def columns(shares: list[float], n: int) -> dict[Column, float]:
    """Every column of breaks with its probability."""
    found: dict[Column, float] = {}
    growing = [((-1,) * n, 1.0)]
    for number, share in enumerate(shares):
        growing = [
            (tuple(number if k in taking else place for k, place in enumerate(column)), p * q)
            for column, p in growing
            for taking, q in _takers([k for k in range(n) if column[k] < 0], share, n)
        ]
    for column, p in growing:
        ended = tuple(len(shares) if place < 0 else place for place in column)
        found[ended] = found.get(ended, 0.0) + p
    return found


def _takers(alive: list[int], share: float, n: int) -> list[tuple[tuple[int, ...], float]]:
    """Which of those that are left take a break, by inclusion and exclusion."""
    reach = 1 - share ** (1 / (n - 1))

    def all_of(count: int) -> float:
        return max(0.0, 1 - count * reach) ** (n - 1) if count else 1.0

    listed = []
    for count in range(len(alive) + 1):
        rest = len(alive) - count
        chance = sum((-1) ** j * comb(rest, j) * all_of(count + j) for j in range(rest + 1))
        if chance > 1e-15:
            listed += [(taking, chance) for taking in combinations(alive, count)]
    return listed
