"""The likelihood of all steps of a chain: the forward algorithm in the log domain.

``log α_t(z) = log Σ_z' α_{t-1}(z') p(z | z') + term_t(z', z)``; the logarithm of ``Σ_z α_T(z)`` is
the log-likelihood. Where terms are of the last outcome alone a step is a matrix product. In it the
least probable outcomes round to 0, which changes nothing unless they alone lead to an outcome;
where that can have happened, steps are taken pair by pair. Reference: Rabiner 1989,
doi:10.1109/5.18626.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from storch_runtime.precision import smallest
from storch_runtime.surrogate import log_sum_exp, log_weighted_mean_exp, vanishing

__all__ = ["log_evidence"]

_MARGIN = 1e13
"""A sum this far above the smallest number has lost none of its digits to what was rounded to 0."""


def log_evidence(
    first: Tensor,
    moves: Tensor,
    terms: Tensor,
    *,
    dim: int,
    steps: int,
    start: Tensor | None = None,
) -> Tensor:
    """``log E[exp(Σ_t term_t)]`` over all sequences of a chain of V outcomes.

    * ``first`` ``[*plates, V, *plates]``: the probabilities of the outcomes in the first step,
      which stand along ``dim``.
    * ``moves`` ``[T, *plates, V, V, *plates]``: those of the outcomes of a step, given each one of
      the step before, which stand behind them. The first step is not looked at.
    * ``terms``: the same shape; ``start``: that of ``first``, the terms of the first step where
      they are told apart.

    Dimensions that a tensor does not need are of size 1. The result is ``[*plates]``: -inf, with
    a gradient of 0, where no sequence is possible.
    """
    states = first.shape[dim]
    with torch.autocast(first.device.type, enabled=False):
        moves = vanishing(moves).movedim((dim + 2, dim + 1), (-2, -1))  # [T, *plates, before, now]
        moves = moves.expand(*moves.shape[:-2], states, states)
        terms = terms.to(first.dtype).movedim((dim + 2, dim + 1), (-2, -1))
        begun = terms[0].squeeze(-2) if start is None else start.movedim(dim, -1)
        begun = begun.to(first.dtype).unsqueeze(-1)
        mass = log_weighted_mean_exp(begun, vanishing(first).movedim(dim, -1).unsqueeze(-1), -1)
        return log_sum_exp(_last(mass, moves, terms, steps), (-1,))


def _last(mass: Tensor, moves: Tensor, terms: Tensor, steps: int) -> Tensor:
    """``log α_T`` ``[*plates, V]``."""
    if terms.shape[-2] == 1 and not torch.compiler.is_compiling():
        last, sums = _in_products(mass, moves, terms.squeeze(-2).contiguous(), steps)
        if _told(sums):
            return last
    for move, term in zip(_by_step(moves, steps), _by_step(terms, steps), strict=True):
        mass = log_weighted_mean_exp(mass.unsqueeze(-1) + term, move, -2)
    return mass


def _by_step(values: Tensor, steps: int) -> Sequence[Tensor]:
    """The values of each step but the first."""
    return values.unbind(0)[1:] if len(values) > 1 else values.unbind(0) * (steps - 1)


def _in_products(
    mass: Tensor, moves: Tensor, terms: Tensor, steps: int
) -> tuple[Tensor, list[Tensor]]:
    """The same by products of matrices, and their sums, which tell how much was rounded to 0."""
    alike = moves.shape[1:-2].numel() == 1
    matrices = moves.reshape(-1, *moves.shape[-2:]) if alike else moves
    sums: list[Tensor] = []
    for matrix, term in zip(_by_step(matrices, steps), _by_step(terms, steps), strict=True):
        top = mass.detach().amax(-1, keepdim=True)
        scaled = (mass - top).exp()
        total = scaled @ matrix if alike else (scaled.unsqueeze(-2) @ matrix).squeeze(-2)
        sums.append(total.detach())
        mass = total.log() + (term + top)
    return mass, sums


def _told(sums: list[Tensor]) -> bool:
    """Whether no sum is so small that what was rounded to 0 would have counted."""
    if not sums:
        return True
    return bool((torch.stack(sums) > _MARGIN * smallest(sums[0].dtype)).all())
