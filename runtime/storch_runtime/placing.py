"""Values written into a copy, for each element of the plates by its own indices."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["index_put"]


def index_put(value: Tensor, places: Tensor, written: Tensor, *, plates: int) -> Tensor:
    """A copy of ``value`` ``[*plates, *event]``, with ``written`` where ``places`` say.

    ``places`` is ``[*plates, *shape, indices]``, ``written`` broadcasts to ``[*plates, *shape,
    *rest]``; the first dimensions of the event are indexed. Of values for one place any may stay.
    """
    shape = places.dim() - plates - 1
    around = []
    for dim in range(plates):
        own = torch.arange(value.shape[dim], device=value.device)
        around.append(own.reshape(-1, *(1,) * (plates - dim - 1 + shape)))
    return torch.index_put(value, (*around, *places.unbind(-1)), written)
