"""Worlds: every tensor has one leading dimension, over the joint outcomes drawn so far.

A draw with S outcomes splits every world into S: world ``w`` becomes ``w * S … w * S + S - 1``. So
a value made when there were fewer worlds is brought up to date by repeating each of its entries.
Functions are written on event shapes alone; ``lift`` maps them over the worlds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten


def spread(value: Tensor, count: int) -> Tensor:
    """``value`` with ``count`` worlds."""
    times, rest = divmod(count, value.shape[0])
    assert rest == 0, "worlds only ever split"
    return value if times == 1 else value.repeat_interleave(times, dim=0)


def lift(function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """Apply a function of event values in every world; numbers pass through as they are."""
    leaves, form = tree_flatten((args, keywords))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
    if not places:
        result = function(*args, **keywords)
        return result[None] if isinstance(result, Tensor) else result

    def in_one_world(*tensors: Tensor) -> Any:
        filled = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            filled[place] = tensor
        positional, named = tree_unflatten(filled, form)
        return function(*positional, **named)

    count = max(leaves[i].shape[0] for i in places)
    return torch.vmap(in_one_world)(*(spread(leaves[i], count) for i in places))
