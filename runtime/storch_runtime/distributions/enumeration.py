"""Joint outcomes of finitely many values in each of several places."""

from __future__ import annotations

import torch
from torch import Tensor


def joint_indices(values: int, places: int, device: torch.device) -> Tensor:
    """``[values ** places, places]``: every way to choose, the last place changing fastest."""
    count = torch.arange(values**places, device=device)
    strides = torch.tensor([values**p for p in range(places - 1, -1, -1)], device=device)
    return count[:, None] // strides % values


def joint_sums(table: Tensor, event: int) -> Tensor:
    """``[values, *plates, *event]`` → ``[values ** places, *plates]``, in ``joint_indices`` order.

    Each place adds one row of the table: no sum over the places of all outcomes is ever built.
    """
    if event == 0:
        return table
    first, *others = table.flatten(-event).unbind(-1)
    for other in others:
        first = (first[:, None] + other[None, :]).flatten(0, 1)
    return first
