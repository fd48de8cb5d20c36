"""How probable it is that draws without replacement complete a set, whatever their order.

For a set S and A ⊆ S let ``C(A)`` be the probability that, once A is drawn, S∖A comes next, divided
by the probabilities of its elements: ``P^{D∖A}(S∖A) = C(A) Π_{i in S∖A} p_i``. It is of ordinary
size, which single precision can hold, where the sequences themselves are hardly possible.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from math import inf, log, sqrt
from typing import NamedTuple

import torch
from torch import Tensor

from storch_runtime.samplers.stochastic_beam import SMALL, log_inclusion

__all__ = ["Completions", "by_integration", "by_subsets"]

_FIRST = -37.0


class Completions(NamedTuple):
    """Logarithms: of ``C(∅)`` ``[*plates]``, ``C({s})`` ``[k, *plates]`` and ``C({s, s'})``.

    The last is ``[k, k, *plates]``; its diagonal means nothing. Where an element holds no sequence,
    the set is that of the others. ``p_s R(S, s)`` is ``C({s}) / C(∅)``, ``p_s' R^{D∖s}(S, s')`` is
    ``C({s, s'}) / C({s})``.
    """

    whole: Tensor
    single: Tensor
    pair: Tensor


def by_subsets(masses: Tensor, alive: Tensor, rest: Tensor) -> Completions:
    """Exactly, by a sum over subsets instead of orders: ``2^k`` terms of each element.

    ``C(A) = Σ_{a in S∖A} C(A ∪ {a}) / (p(S∖A) + p(D∖S))``; no mass is ever subtracted.
    ``masses`` ``[k, *plates]`` and ``rest`` ``[*plates]``, of D∖S, are log-probabilities.
    """
    k = len(masses)
    tables = _tables(k, masses.device)
    left = torch.logaddexp((masses + tables.outside(masses)).logsumexp(1), rest)
    holds_none = ~alive
    found, start = [torch.zeros_like(masses[:1])], 0
    for chosen, before in tables.levels:
        known = found[-1][before]
        step = known.logsumexp(1) - left[start : start + len(chosen)]
        idle = holds_none[chosen]  # without an element that holds nothing the set is the same
        without = known.masked_fill(~idle, -torch.inf).amax(1)
        found.append(torch.where(idle.any(1), without, step))
        start += len(chosen)
    single = found[k - 1].flip(0)
    pair = found[k - 2].flip(0)[tables.pairs] if k > 1 else single
    return Completions(found[k][0], single, pair.reshape(k, *masses.shape))


def by_integration(masses: Tensor, alive: Tensor, rest: Tensor) -> Completions:
    """By integrating over the largest perturbed log-probability of the rest: ``k²`` terms.

    ``C(A) = ∫ exp(y - exp(y)) Π_{i in S∖A} (1 - exp(-exp(y + log p_i - log p(D∖S)))) / p_i dy``.
    The integrand decays exponentially to the left, doubly so to the right, and is analytic: sums
    over equal steps converge exponentially, to about 1e-13 with the steps taken here. At worst it
    is that of the gamma function of k + 1, whose peak moves to the right and becomes narrower.
    """
    most = len(masses) + 1
    step = 0.2 / sqrt(max(1.0, most / 8))
    count = round((max(4.0, log(most) + 2) - _FIRST) / step)
    y = torch.arange(count + 1, dtype=masses.dtype, device=masses.device) * step + _FIRST
    y = y.reshape(-1, *(1,) * rest.dim())
    factors = torch.where(alive, _factors(y.unsqueeze(1), masses, rest), 0.0)
    density = y - torch.exp(y)
    density = density - density.logsumexp(0)
    product = density + factors.sum(1)
    others = product.unsqueeze(1) - factors
    pair = [(others[:, s].unsqueeze(1) - factors).logsumexp(0) for s in range(len(masses))]
    return Completions(product.logsumexp(0), others.logsumexp(0), torch.stack(pair))


def _factors(y: Tensor, masses: Tensor, rest: Tensor) -> Tensor:
    """``log((1 - exp(-exp(y + log p - log p(D∖S)))) / p)``, without large numbers that cancel."""
    shifted = torch.where(rest > -torch.inf, y + (masses - rest), torch.inf)
    small = y - rest - torch.exp(shifted) / 2
    return torch.where(shifted < SMALL, small, log_inclusion(shifted) - masses)


class _Tables(NamedTuple):
    """Of every size the subsets of k elements, and where they are without each; and of pairs.

    ``absent`` ``[2^k - 1, k]`` is 0 for the members of each subset, minus infinity for the others;
    ``pairs`` says where the subset without s and s' is, counted from the end; 0 on the diagonal.
    """

    levels: tuple[tuple[Tensor, Tensor], ...]
    absent: Tensor
    pairs: Tensor

    def outside(self, like: Tensor) -> Tensor:
        """``absent`` with the dtype and the plates of ``like`` ``[k, *plates]``."""
        return self.absent.to(like.dtype).reshape(*self.absent.shape, *(1,) * (like.dim() - 1))


def _tables(k: int, device: torch.device) -> _Tables:
    """The tables on a device, made once; wherever torch compiles them they are constants."""
    return _made(k, device) if torch.compiler.is_compiling() else _kept(k, device)


@cache
def _kept(k: int, device: torch.device) -> _Tables:
    with torch.inference_mode(False):
        return _made(k, device)


def _made(k: int, device: torch.device) -> _Tables:
    levels, pairs = _subsets(k)
    absent = [
        [0.0 if i in subset else -inf for i in range(k)] for level in levels for subset in level[0]
    ]
    return _Tables(
        tuple(
            (torch.tensor(members, device=device), torch.tensor(before, device=device))
            for members, before in levels
        ),
        torch.tensor(absent, device=device),
        torch.tensor(pairs, device=device),
    )


Level = tuple[list[list[int]], list[list[int]]]


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _subsets(k: int) -> tuple[tuple[Level, ...], list[list[int]]]:
    """`_listed`, which is a constant wherever torch compiles it."""
    return _listed(k)


@cache
def _listed(k: int) -> tuple[tuple[Level, ...], list[list[int]]]:
    """Of every size the subsets of k elements, and where they are without each; and of pairs.

    The last says where the subset without s and s' is, counted from the end; 0 on the diagonal.
    """
    levels = []
    numbers: dict[tuple[int, ...], int] = {(): 0}
    for size in range(1, k + 1):
        subsets = list(combinations(range(k), size))
        before = [[numbers[s[:i] + s[i + 1 :]] for i in range(size)] for s in subsets]
        levels.append(([list(subset) for subset in subsets], before))
        numbers = {subset: i for i, subset in enumerate(subsets)}
    places = {pair: i for i, pair in enumerate(combinations(range(k), 2))}
    pairs = [[places.get((min(s, t), max(s, t)), 0) for t in range(k)] for s in range(k)]
    return tuple(levels), pairs
