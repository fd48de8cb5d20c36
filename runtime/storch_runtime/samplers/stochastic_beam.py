"""Stochastic beam search: the sequences whose log-probabilities with Gumbel noise are the largest.

They are a sample without replacement, drawn place by place. The noisy log-probability of a prefix
is the largest of those of its sequences: given that, those of its continuations are drawn so that
their largest agrees with it (Kool et al. 2019, arXiv:1903.06059). What a beam drops could not have
come back, as every prefix that is kept has a sequence at least as large.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = [
    "SMALL",
    "Prefixes",
    "grow",
    "log1mexp",
    "log_inclusion",
    "numbers",
    "retrace",
    "root",
    "traced",
]

_LOG_HALF = -0.6931471805599453
_LINEAR = 40.0  # above it ``log(1 + exp(x))`` is x to double precision
SMALL = -15.0
"""Where ``1 - exp(-exp(x))`` is ``exp(x) - exp(2 x) / 2`` to double precision."""


class Prefixes(NamedTuple):
    """What a beam holds, ``[*plates, m]``: prefixes where it is ``alive``, else copies of one.

    ``threshold`` and ``rest`` ``[*plates]`` are the largest perturbed log-probability among all
    that were dropped, and the log-probability of these together; None where it is not summed.
    ``perturbed`` is None of a single prefix, which is then as good as any.
    """

    log_prob: Tensor
    alive: Tensor
    perturbed: Tensor | None
    threshold: Tensor
    rest: Tensor | None


def root(like: Tensor, shape: tuple[int, ...], rest: bool) -> Prefixes:
    """A single prefix, which is empty; ``rest`` says whether what is dropped will be summed."""
    empty, lowest = like.new_zeros((*shape, 1)), like.new_full(shape, -torch.inf)
    return Prefixes(empty, empty == 0, None, lowest, lowest if rest else None)


def grow(
    tables: Tensor, beam: Prefixes, k: int, noise: Tensor | None = None
) -> tuple[Prefixes, Tensor, Tensor]:
    """Continue prefixes over all places: the ``k`` that end up largest, their origins and symbols.

    ``tables`` ``[*plates, places, m, C]`` are the log-probabilities of each outcome behind each
    prefix (m = 1: behind any). ``noise`` ``[places, k, C, *plates]`` is standard Gumbel; place by
    place, as many rows are looked at as there are prefixes. The origins are ``[*plates, k]``, the
    symbols ``[*plates, places, k]``; an element that holds no sequence has those of the first.
    """
    origin: Tensor | None = None
    parents: list[Tensor] = []
    symbols: list[Tensor] = []
    for place, behind in enumerate(tables.unbind(-3)):
        if behind.shape[-2] > 1 and origin is not None:
            rows = origin.unsqueeze(-1).expand(*origin.shape, behind.shape[-1])
            behind = behind.gather(-2, rows)
        beam, parent, symbol = _grown(beam, behind, k, None if noise is None else noise[place])
        origin = parent if origin is None else origin.gather(-1, parent)
        parents.append(parent)
        symbols.append(symbol)
    assert origin is not None
    return beam, origin, traced(parents, symbols)


def retrace(
    tables: Tensor, symbols: Tensor, log_prob: Tensor, rest: Tensor, same: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What `grow` would have known of sequences: log-probabilities, the rest, and which agree.

    ``symbols`` ``[k, *plates, places]`` continue prefixes of which ``log_prob``, ``rest`` and
    ``same`` are known, their elements first; the ``tables`` are those of `grow`.
    """
    outcomes = tables.shape[-1]
    own = numbers(log_prob)
    for table, symbol in zip(tables.unbind(-3), symbols.unbind(-1), strict=True):
        behind = table.movedim((-2, -1), (0, 1)).expand(len(symbol), outcomes, *symbol.shape[1:])
        first = same.to(torch.uint8).argmax(1)
        reached = log_prob.unsqueeze(1) + behind
        left = reached.masked_fill((first != own).unsqueeze(1), -torch.inf).flatten(0, 1)
        left = left.scatter(0, first * outcomes + symbol, -torch.inf)
        rest = torch.logaddexp(rest, left.logsumexp(0))
        log_prob = reached.gather(1, symbol.unsqueeze(1)).squeeze(1)
        same = same & (symbol.unsqueeze(0) == symbol.unsqueeze(1))
    return log_prob, rest, same


def log1mexp(x: Tensor) -> Tensor:
    """``log(1 - exp(x))`` for x of at most 0."""
    return torch.where(x > _LOG_HALF, torch.log(-torch.expm1(x)), torch.log1p(-torch.exp(x)))


def log_inclusion(x: Tensor) -> Tensor:
    """``log(1 - exp(-exp(x)))``: of a Gumbel variable of location x to be above 0."""
    return torch.where(x < SMALL, x - torch.exp(x) / 2, log1mexp(-torch.exp(x)))


def numbers(like: Tensor) -> Tensor:
    """``[m, *plates]``: the number of each element."""
    numbers = torch.arange(len(like), device=like.device)
    return numbers.reshape(-1, *(1,) * (like.dim() - 1)).expand(like.shape)


def _grown(
    beam: Prefixes, behind: Tensor, k: int, noise: Tensor | None
) -> tuple[Prefixes, Tensor, Tensor]:
    """The beam one place further, which prefix each element continues ``[*plates, k]``, by what.

    ``behind`` ``[*plates, m, C]`` are the log-probabilities of the symbols. Those of one prefix
    keep their order when they are told its largest: only ``k + 1`` of them need to be.
    """
    reached = beam.log_prob.unsqueeze(-1) + behind
    if noise is None:
        perturbed = reached - _log_exponential(reached)
    else:
        perturbed = reached + noise[: reached.shape[-2]].movedim((0, 1), (-2, -1))
    outcomes, width = reached.shape[-1], min(k + 1, reached.shape[-1])
    best, columns = perturbed.topk(width, -1)
    if beam.perturbed is not None:
        best = _conditional(best, beam.perturbed.unsqueeze(-1))
    sums = reached.gather(-1, columns)
    best, columns, sums = best.flatten(-2), columns.flatten(-2), sums.flatten(-2)
    values, chosen = best.topk(min(k + 1, best.shape[-1]), -1)
    perturbed, chosen = values[..., :k], chosen[..., :k]
    alive = perturbed > -torch.inf
    chosen = torch.where(alive, chosen, chosen[..., :1])  # what holds none repeats the first
    parents, symbols = chosen // width, columns.gather(-1, chosen)
    threshold, rest = beam.threshold, beam.rest
    if values.shape[-1] > k:
        threshold = torch.maximum(threshold, values[..., k])
    if rest is not None:
        every = reached.masked_fill(~beam.alive.unsqueeze(-1), -torch.inf).flatten(-2)
        dropped = every.scatter(-1, parents * outcomes + symbols, -torch.inf)
        rest = torch.logaddexp(rest, dropped.logsumexp(-1))
    log_prob = sums.gather(-1, chosen)
    return Prefixes(log_prob, alive, perturbed, threshold, rest), parents, symbols


def _log_exponential(like: Tensor) -> Tensor:
    """The logarithm of standard exponential noise: a third of the time of ``exponential_``.

    Gumbel noise is minus that; its largest values come from the numbers next to 0. A second number,
    the same for all in the last dimension, gives these the digits that one alone, a multiple of
    half the machine's precision, does not have.
    """
    grain = torch.finfo(like.dtype).eps / 2
    u = torch.empty_like(like).uniform_(grain - 1, 0)
    more = like.new_empty((*like.shape[:-1], 1)).uniform_(0, grain - 4 * grain * grain)
    return u.add_(more).log1p_().neg_().log_()


def _conditional(perturbed: Tensor, largest: Tensor) -> Tensor:
    """Perturbed log-probabilities ``[*plates, m, C]``, given the largest ``[*plates, m, 1]``.

    What is added to a difference is needed to an absolute precision only: `log1mexp` computes more.
    """
    excess = perturbed - perturbed.amax(-1, keepdim=True)
    v = largest - perturbed + excess.expm1_().neg_().log_()
    given = largest - F.softplus(v, threshold=_LINEAR)
    return given.masked_fill(largest == -torch.inf, -torch.inf)


def traced(parents: list[Tensor], symbols: list[Tensor]) -> Tensor:
    """The symbols ``[*plates, places, k]`` of the sequences that a beam holds in the end."""
    found = [symbols[-1]]
    trail = parents[-1]
    for parent, symbol in zip(parents[-2::-1], symbols[-2::-1], strict=True):
        found.append(symbol.gather(-1, trail))
        trail = parent.gather(-1, trail)
    return torch.stack(found[::-1], -2)
