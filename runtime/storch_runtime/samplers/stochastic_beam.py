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

__all__ = ["SMALL", "Prefixes", "grow", "log1mexp", "log_inclusion", "numbers", "retrace"]

_LOG_HALF = -0.6931471805599453
SMALL = -15.0
"""Where ``1 - exp(-exp(x))`` is ``exp(x) - exp(2 x) / 2`` to double precision."""


class Prefixes(NamedTuple):
    """What a beam holds, ``[m, *plates]``; minus infinity where there is no prefix.

    ``threshold`` and ``rest`` ``[*plates]`` are the largest perturbed log-probability among all
    that were dropped, and the log-probability of these together.
    """

    log_prob: Tensor
    perturbed: Tensor
    threshold: Tensor
    rest: Tensor


def grow(
    tables: Tensor, start: Prefixes | None, k: int, noise: Tensor | None = None
) -> tuple[Prefixes, Tensor, Tensor]:
    """Continue prefixes over all places: the ``k`` that end up largest, their origins and symbols.

    ``tables`` ``[C, m, *plates, places]`` are the log-probabilities of each outcome behind each
    prefix (m = 1: behind any); without a ``start`` there is one empty prefix. ``noise``
    ``[places, k, C, *plates]`` is standard Gumbel; place by place, as many rows are looked at as
    there are prefixes. The origins are ``[k, *plates]``, the symbols ``[k, *plates, places]``; an
    element that holds no sequence has those of the first.
    """
    outcomes, shape = len(tables), tables.shape[2:-1]
    lowest = tables.new_full(shape, -torch.inf)
    root = Prefixes(tables.new_zeros((1, *shape)), lowest.unsqueeze(0), lowest, lowest)
    beam, begun = (root, False) if start is None else (start, True)
    origin: Tensor | None = None
    steps: list[Tensor] = []
    for place, table in enumerate(tables.unbind(-1)):
        behind = table.movedim(0, -1)  # [m, *plates, C]: as distributions store it
        if steps:
            before = steps[-1] // outcomes
            origin = before if origin is None else origin.gather(0, before)
        if len(behind) > 1 and origin is not None:
            behind = behind.gather(0, origin.unsqueeze(-1).expand(-1, *shape, outcomes))
        log_prob = beam.log_prob.unsqueeze(-1) + behind
        fresh = _gumbel(log_prob) if noise is None else noise[place, : len(log_prob)].movedim(1, -1)
        perturbed = log_prob + fresh
        if begun:
            perturbed = _conditional(perturbed, beam.perturbed.unsqueeze(-1))
        beam, chosen = _best(beam, log_prob, perturbed, k)
        begun = True
        steps.append(chosen)
    stands_for = torch.where(beam.perturbed == -torch.inf, 0, numbers(beam.log_prob))
    return beam, *_traced(steps, stands_for, outcomes)


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


def _gumbel(like: Tensor) -> Tensor:
    """Standard Gumbel noise, ``-log(-log(1 - u))``: a third of the time of ``exponential_``.

    The largest values come from the smallest u. A second number gives these the digits that one
    alone, a multiple of half the machine's precision, does not have.
    """
    grain = torch.finfo(like.dtype).eps / 2
    u = torch.rand_like(like).add_(torch.rand_like(like), alpha=grain)
    u = u.clamp_(min=grain * grain, max=1 - grain)
    return u.neg_().log1p_().neg_().log_().neg_()


def _conditional(perturbed: Tensor, largest: Tensor) -> Tensor:
    """Perturbed log-probabilities ``[m, *plates, C]``, given the largest ``[m, *plates, 1]``.

    What is added to a difference is needed to an absolute precision only: `log1mexp` computes more.
    """
    excess = perturbed - perturbed.amax(-1, keepdim=True)
    v = largest - perturbed + torch.log(-torch.expm1(excess))
    given = largest - v.relu() - torch.log1p(torch.exp(-v.abs()))
    return given.masked_fill(largest == -torch.inf, -torch.inf)


def _best(beam: Prefixes, log_prob: Tensor, perturbed: Tensor, k: int) -> tuple[Prefixes, Tensor]:
    """The ``k`` largest of the candidates ``[m, *plates, C]``, and which they are."""
    log_prob, perturbed = (part.movedim(0, -2).flatten(-2) for part in (log_prob, perturbed))
    count = perturbed.shape[-1]
    values, chosen = perturbed.topk(min(k + 1, count), -1)
    kept = chosen[..., :k]
    best = log_prob.gather(-1, kept).movedim(-1, 0)
    values, order = values.movedim(-1, 0), kept.movedim(-1, 0)
    if count <= k:
        return Prefixes(best, values, beam.threshold, beam.rest), order
    threshold = torch.maximum(beam.threshold, values[k])
    dropped = log_prob.scatter(-1, kept, -torch.inf).logsumexp(-1)
    rest = torch.logaddexp(beam.rest, dropped)
    return Prefixes(best, values[:k], threshold, rest), order


def _traced(steps: list[Tensor], trail: Tensor, outcomes: int) -> tuple[Tensor, Tensor]:
    """The origins ``[k, *plates]`` and the symbols ``[k, *plates, places]`` of a beam."""
    symbols = []
    for chosen in reversed(steps):
        chosen = chosen.gather(0, trail)
        symbols.append(chosen % outcomes)
        trail = chosen // outcomes
    return trail, torch.stack(symbols[::-1], -1)
