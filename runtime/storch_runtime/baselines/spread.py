"""The spread of what draws are worth, by which their coefficients are divided."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.precision import smallest

__all__ = ["spread_of_draws"]

_LEAST = 1e-6
"""Of the largest cost: below it a spread is rounding."""


def spread_of_draws(
    advantage: Tensor, cost: Tensor, dim: int, weights: Tensor | None, eps: float
) -> Tensor:
    """``σ + eps``: ``σ`` the deviation of ``advantage`` along ``dim``, which has size 1 then.

    ``advantage`` and ``cost`` are ``[n, *plates]``. It is that of the elements of positive weight,
    with one less than they are below it; of fewer than two there is none, and all of it is 1.
    """
    if weights is None:
        spread, several = advantage.std(dim, keepdim=True), advantage.shape[dim] > 1
        if not several:
            return torch.ones_like(spread)
        return torch.maximum(spread, _rounding(cost, dim)) + eps
    advantage, cost, weights = torch.broadcast_tensors(advantage, cost, weights)  # type: ignore[no-untyped-call]
    counts = weights > 0
    number = counts.sum(dim, keepdim=True)
    kept = advantage.masked_fill(~counts, 0)
    away = (kept - kept.sum(dim, keepdim=True) / number.clamp(min=1)).masked_fill(~counts, 0)
    spread = ((away**2).sum(dim, keepdim=True) / (number - 1).clamp(min=1)).sqrt()
    least = _rounding(cost.masked_fill(~counts, 0), dim)
    return torch.where(number > 1, torch.maximum(spread, least) + eps, 1.0)


def _rounding(cost: Tensor, dim: int) -> Tensor:
    return (_LEAST * cost.abs().amax(dim, keepdim=True)).clamp(min=smallest(cost.dtype))
