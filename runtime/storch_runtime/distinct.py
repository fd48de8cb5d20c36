"""Calling a function once for each distinct row of its arguments.

Draws with replacement repeat: where a discrete sample decides all that a function is given, equal
rows have equal results, which are computed once and put back in their places. The gradient to the
function's own parameters is the same; none may go through the arguments, as it would be that of one
row for all that equal it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from storch_runtime.errors import StoryWarning

__all__ = ["distinct_rows"]

_WHOLE = {8: torch.int64, 4: torch.int32, 2: torch.int16, 1: torch.int8}
"""Integers by their size in bytes: the bits of a float, which tell 0 from -0, and keep NaN."""


def distinct_rows(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` on tensors ``[N, *event]``, evaluated on their distinct rows.

    It is called as usual where an argument carries a gradient, and while torch compiles: how many
    rows there are is not known there.
    """
    tensors = list(_tensors(arguments))
    if torch.compiler.is_compiling() or any(t.requires_grad for t in tensors):
        return function(*arguments)
    bits = torch.cat([_bits(t) for t in tensors], 1)
    rows, place = torch.unique(bits, dim=0, return_inverse=True)
    if len(rows) == len(bits):
        return function(*arguments)
    every = torch.arange(len(bits), device=bits.device)
    _tell_of_masks(function)
    one = every.new_empty(len(rows)).scatter_(0, place, every)  # any of those that are equal
    return _mapped(function(*_mapped(arguments, one)), place)


_SEEN: WeakSet[nn.Module] = WeakSet()
"""The modules in training mode that were looked at."""


def _tell_of_masks(function: Callable[..., Any]) -> None:
    """Warn, once, of a module that draws for every row anew: rows called once draw once."""
    if not isinstance(function, nn.Module) or not function.training or function in _SEEN:
        return
    _SEEN.add(function)
    layers = (m for m in function.modules() if isinstance(m, _DropoutNd) and m.training and m.p > 0)
    layer = next(layers, None)
    if layer is not None:
        warnings.warn(
            f"S419: `distinct` calls a `{type(function).__name__}` once for equal rows, which "
            f"share one mask of the `{type(layer).__name__}` in it: leave out `distinct` above it, "
            "or keep it in eval mode",
            StoryWarning,
            stacklevel=3,
        )


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _tensors(part)


def _bits(value: Tensor) -> Tensor:
    flat = value.detach().reshape(len(value), -1)
    if flat.is_floating_point():
        flat = flat.contiguous().view(_WHOLE[flat.element_size()])
    return flat.to(torch.int64)


def _mapped(value: Any, rows: Tensor) -> Any:
    """The rows of every tensor in ``value``; what has none is left to whoever checks it."""
    if isinstance(value, Tensor):
        return value.index_select(0, rows) if value.dim() > 0 else value
    if isinstance(value, tuple):
        return tuple(_mapped(part, rows) for part in value)
    return value
