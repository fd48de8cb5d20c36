"""What the other draws of a plate say of each: leave-one-out baselines."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["batch_average", "log_sum_of_others", "mean_of_finite_others", "mean_of_others"]


def batch_average(cost: Tensor, dim: int) -> Tensor:
    """The mean of the other elements of the plate: with its own, the gradient would shrink."""
    if cost.shape[dim] < 2:
        raise ValueError(
            "`baseline=batch_average` compares the n draws of one sample, but n is 1: "
            "set `n` to 2 or more, or use `baseline=moving_average`"
        )
    return mean_of_others(cost, dim)


def mean_of_others(value: Tensor, dim: int) -> Tensor:
    """The mean of the other elements along ``dim``, of which there are 2 or more."""
    return (value.sum(dim, keepdim=True) - value) / (value.shape[dim] - 1)


def mean_of_finite_others(value: Tensor, dim: int) -> Tensor:
    """The same, nothing subtracted: an infinite element leaves no trace in its own baseline."""
    return _from_others(value, dim, torch.cumsum, torch.add, 0.0) / (value.shape[dim] - 1)


def log_sum_of_others(value: Tensor, dim: int) -> Tensor:
    """``log Σ exp`` of the other elements, nothing subtracted."""
    return _from_others(value, dim, torch.logcumsumexp, torch.logaddexp, -torch.inf)


def _from_others(
    value: Tensor,
    dim: int,
    scan: Callable[[Tensor, int], Tensor],
    combine: Callable[[Tensor, Tensor], Tensor],
    nothing: float,
) -> Tensor:
    """For each element what those before it and those behind it make together."""
    inner = value.shape[dim] - 1
    edge = torch.full_like(value.narrow(dim, 0, 1), nothing)
    before = scan(value.narrow(dim, 0, inner), dim)
    behind = scan(value.narrow(dim, 1, inner).flip(dim), dim).flip(dim)
    return combine(torch.cat([edge, before], dim), torch.cat([behind, edge], dim))
