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
    """What a beam holds, ``[m, *plates]``: prefixes where it is ``alive``, else copies of one.

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
    empty, lowest = like.new_zeros((1, *shape)), like.new_full(shape, -torch.inf)
    return Prefixes(empty, empty == 0, None, lowest, lowest if rest else None)


def grow(
    tables: Tensor, beam: Prefixes, k: int, noise: Tensor | None = None
) -> tuple[Prefixes, Tensor, Tensor]:
    """Continue prefixes over all places: the ``k`` that end up largest, their origins and symbols.

    ``tables`` ``[C, m, *plates, places]`` are the log-probabilities of each outcome behind each
    prefix (m = 1: behind any). ``noise`` ``[places, k, C, *plates]`` is standard Gumbel; place by
    place, as many rows are looked at as there are prefixes. The origins are ``[k, *plates]``, the
    symbols ``[k, *plates, places]``; an element that holds no sequence has those of the first.
    """
    origin: Tensor | None = None
    parents: list[Tensor] = []
    symbols: list[Tensor] = []
    for place, table in enumerate(tables.unbind(-1)):
        behind = table.movedim(0, -1)  # [m, *plates, C]: as distributions store it
        if len(behind) > 1 and origin is not None:
            behind = behind.gather(0, origin.unsqueeze(-1).expand(-1, *behind.shape[1:]))
        beam, parent, symbol = _grown(beam, behind, k, None if noise is None else noise[place])
        origin = parent if origin is None else origin.gather(0, parent)
        parents.append(parent)
        symbols.append(symbol)
    assert origin is not None
    return beam, origin, traced(parents, symbols)


def retrace(
    tables: Tensor, symbols: Tensor, log_prob: Tensor, rest: Tensor, same: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What `grow` would have known of sequences: log-probabilities, the rest, and which agree.

    ``symbols`` ``[k, *plates, places]`` continue prefixes of which ``log_prob``, ``rest`` and
    ``same`` are known.
    """
    outcomes = len(tables)
    own = numbers(log_prob)
    for table, symbol in zip(tables.unbind(-1), symbols.unbind(-1), strict=True):
        behind = table.movedim(0, 1).expand(len(symbol), *table.shape[:1], *table.shape[2:])
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
    """The beam one place further, which prefix each element continues ``[k, *plates]``, by what.

    ``behind`` ``[m, *plates, C]`` are the log-probabilities of the symbols. Those of one prefix
    keep their order when they are told its largest: only ``k + 1`` of them need to be.
    """
    reached = beam.log_prob.unsqueeze(-1) + behind
    if noise is None:
        perturbed = reached - _log_exponential(reached)
    else:
        perturbed = reached + noise[: len(reached)].movedim(1, -1)
    outcomes, width = reached.shape[-1], min(k + 1, reached.shape[-1])
    best, columns = perturbed.topk(width, -1)
    if beam.perturbed is not None:
        best = _conditional(best, beam.perturbed.unsqueeze(-1))
    sums = reached.gather(-1, columns)
    best, columns, sums = (part.movedim(0, -2).flatten(-2) for part in (best, columns, sums))
    values, chosen = best.topk(min(k + 1, best.shape[-1]), -1)
    perturbed, chosen = values[..., :k], chosen[..., :k]
    alive = perturbed > -torch.inf
    chosen = torch.where(alive, chosen, chosen[..., :1])
    log_prob, symbols = sums.gather(-1, chosen), columns.gather(-1, chosen)
    parents = chosen // width
    threshold, rest = beam.threshold, beam.rest
    if values.shape[-1] > k:
        threshold = torch.maximum(threshold, values[..., k])
    if rest is not None:
        every = reached.masked_fill(~beam.alive.unsqueeze(-1), -torch.inf).movedim(0, -2)
        dropped = every.flatten(-2).scatter(-1, parents * outcomes + symbols, -torch.inf)
        rest = torch.logaddexp(rest, dropped.logsumexp(-1))
    log_prob, alive, perturbed, parents, symbols = (
        part.movedim(-1, 0) for part in (log_prob, alive, perturbed, parents, symbols)
    )
    return Prefixes(log_prob, alive, perturbed, threshold, rest), parents, symbols


def _log_exponential(like: Tensor) -> Tensor:
    """The logarithm of standard exponential noise: a third of the time of ``exponential_``.

    Gumbel noise is minus that; its largest values come from the numbers next to 0. A second number,
    the same for all in the last dimension, gives these the digits that one alone, a multiple of
    half the machine's precision, does not have.
    """
    grain = torch.finfo(like.dtype).eps / 2
    u = torch.empty_like(like).uniform_(grain - 1, 0)
    more = torch.empty_like(like[..., :1]).uniform_(0, grain - 4 * grain * grain)
    return u.add_(more).log1p_().neg_().log_()


def _conditional(perturbed: Tensor, largest: Tensor) -> Tensor:
    """Perturbed log-probabilities ``[m, *plates, C]``, given the largest ``[m, *plates, 1]``.

    What is added to a difference is needed to an absolute precision only: `log1mexp` computes more.
    """
    excess = perturbed - perturbed.amax(-1, keepdim=True)
    v = largest - perturbed + torch.log(-torch.expm1(excess))
    given = largest - F.softplus(v, threshold=_LINEAR)
    return given.masked_fill(largest == -torch.inf, -torch.inf)


def traced(parents: list[Tensor], symbols: list[Tensor]) -> Tensor:
    """The symbols ``[k, *plates, places]`` of the sequences that a beam holds in the end."""
    found = [symbols[-1]]
    trail = parents[-1]
    for parent, symbol in zip(parents[-2::-1], symbols[-2::-1], strict=True):
        found.append(symbol.gather(0, trail))
        trail = parent.gather(0, trail)
    return torch.stack(found[::-1], -1)
