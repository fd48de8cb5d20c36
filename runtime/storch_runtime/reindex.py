"""Values re-indexed where a joint sample is chosen anew: each element has its sequence's."""

from __future__ import annotations

from torch import Tensor

from storch_runtime.remembered import carried

__all__ = ["reindexed"]


def reindexed(value: Tensor, parents: Tensor, dim: int) -> Tensor:
    """``value`` ``[*plates, *event]``, re-indexed along ``dim`` of its plates.

    ``parents`` ``[*plates]`` says which element each one continues; it has a dimension for every
    plate of ``value``. Either may be of size 1 along the others. What the elements were made of,
    where they know it, goes along.
    """
    own = value.shape[parents.dim() :]
    along = [max(pair) for pair in zip(value.shape, parents.shape, strict=False)]
    sizes = [*along[:dim], value.shape[dim], *along[dim + 1 :]]
    wanted = [*along[:dim], parents.shape[dim], *along[dim + 1 :]]
    index = parents.reshape(*parents.shape, *(1,) * len(own)).expand(*wanted, *own)
    found = value.expand(*sizes, *own).gather(dim, index)
    return carried(found, value, lambda source: reindexed(source, parents, dim))
