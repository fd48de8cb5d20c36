"""Training in several processes: what is known of the others."""

from __future__ import annotations

import torch
from torch import Tensor, distributed

__all__ = ["mean_between_ranks", "shared"]


def shared() -> bool:
    """Whether other processes train the same model."""
    return distributed.is_available() and distributed.is_initialized()


@torch.no_grad()
def mean_between_ranks(value: Tensor) -> Tensor:
    """The average of a number over all processes."""
    total = value.clone()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()
