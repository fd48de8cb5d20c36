"""Training in several processes: what is known of the others."""

from __future__ import annotations

import torch
from torch import Tensor, distributed

__all__ = ["mean_between_ranks", "mean_of_known", "most", "shared"]


def shared() -> bool:
    """Whether other processes train the same model."""
    return distributed.is_available() and distributed.is_initialized()


@torch.no_grad()
def mean_between_ranks(value: Tensor) -> Tensor:
    """The average of a number over all processes."""
    total = value.clone()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()


@torch.no_grad()
def mean_of_known(value: Tensor) -> Tensor:
    """The average over the processes that know a number; where none does it is NaN."""
    finite = value.isfinite()
    total = torch.stack([value.masked_fill(~finite, 0), finite.to(value.dtype)])
    distributed.all_reduce(total)
    return total[0] / total[1]


def most(count: int, device: torch.device) -> int:
    """The largest count of all processes."""
    largest = torch.tensor(count, device=device)
    distributed.all_reduce(largest, distributed.ReduceOp.MAX)
    return int(largest)
