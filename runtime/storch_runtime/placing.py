"""Values written into a copy, for each element of the plates by its own indices."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["index_put", "scatter"]


def scatter(value: Tensor, dim: int, index: Tensor, written: Tensor) -> Tensor:
    """A copy of ``value``, with ``written`` at the places along ``dim`` that ``index`` says.

    All have the same shape, but for ``dim``, where that of ``index`` and ``written`` is another. Of
    values for one place any may stay; that one gets the gradient, where torch gives it to all.
    """
    number = torch.arange(index.shape[dim], device=index.device)
    numbers = number.reshape(-1, *(1,) * (-dim - 1)).expand_as(index)
    stays = torch.full(value.shape, -1, device=value.device).scatter(dim, index, numbers)
    return torch.where(stays >= 0, written.gather(dim, stays.clamp(min=0)), value)


def index_put(value: Tensor, places: Tensor, written: Tensor, *, plates: int) -> Tensor:
    """A copy of ``value`` ``[*plates, *event]``, with ``written`` where ``places`` say.

    ``places`` is ``[*plates, *shape, indices]``, ``written`` broadcasts to ``[*plates, *shape,
    *rest]``; the first dimensions of the event are indexed. Of values for one place any may stay;
    that one gets the gradient, where torch gives it to all.
    """
    shape, count = places.shape[plates:-1], places.shape[-1]
    rest = value.shape[plates + count :]
    around = []
    for dim in range(plates):
        own = torch.arange(value.shape[dim], device=value.device)
        around.append(own.reshape(-1, *(1,) * (plates - dim - 1 + len(shape))))
    if shape.numel() == 1:
        return torch.index_put(value, (*around, *places.unbind(-1)), written)
    numbers = torch.arange(shape.numel(), device=value.device).reshape(shape)
    none = torch.full(value.shape[: plates + count], -1, device=value.device)
    stays = torch.index_put(none, (*around, *places.unbind(-1)), numbers)
    each = written.expand(*value.shape[:plates], *shape, *rest)
    each = each.reshape(*value.shape[:plates], shape.numel(), *rest)
    chosen = stays.clamp(min=0).reshape(*value.shape[:plates], -1, *(1,) * len(rest))
    found = each.gather(plates, chosen.expand(*chosen.shape[: plates + 1], *rest))
    put = (stays >= 0).reshape(*stays.shape, *(1,) * len(rest))
    return torch.where(put, found.reshape(value.shape), value)
