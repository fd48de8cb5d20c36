"""What generated modules do around calls: values given, calls without gradient, losses added."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from storch_runtime.errors import StoryTypeError
from storch_runtime.mode import MODE, Given, Mode
from storch_runtime.remembered import carried

__all__ = ["added", "cut", "knowing", "replayed_values", "without_gradient"]

_NOTHING: Mapping[str, Tensor] = {}


def replayed_values(given: Given | None, samples: Collection[str]) -> Mapping[str, Tensor]:
    """The values given for samples, by their names; a name that is no sample is an error."""
    if given is None or given is MODE:
        return _NOTHING
    if not isinstance(given, Mapping):
        raise StoryTypeError(
            f"`given` is a `{type(given).__name__}`, expected values by sample, or `MODE`"
        )
    for name, value in given.items():
        if name not in samples:
            known = ", ".join(f"`{s}`" for s in samples)
            raise KeyError(f"`given` names `{name}`, which is no sample of the story ({known})")
        if not isinstance(value, Tensor | Mode):
            kind = type(value).__name__
            raise StoryTypeError(
                f"`given` has a `{kind}` for `{name}`, expected a tensor or `MODE`"
            )
    return {name: value for name, value in given.items() if isinstance(value, Tensor)}


def cut(value: Tensor) -> Tensor:
    """A sample without its gradient, which knows as before what it was made of."""
    with torch.no_grad():
        return carried(value.detach(), value, Tensor.detach)


def knowing(value: Tensor, drawn: Tensor) -> Tensor:
    """``value``, a view of ``drawn`` with more dimensions of size 1, with what that was drawn as.

    Both have any shape of as many elements.
    """
    if drawn.numel() != value.numel():
        return value
    return carried(value, drawn, lambda source: source.reshape(value.shape))


def without_gradient(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` on detached tensors, under ``no_grad``."""
    with torch.no_grad():
        return function(*map(_detached, arguments))


def _detached(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return tuple(map(_detached, argument))
    return argument.detach() if isinstance(argument, Tensor) else argument


def added(*losses: Tensor | None) -> Tensor | None:
    """The sum of the methods' own losses, None where there is none."""
    total: Tensor | None = None
    for loss in losses:
        if loss is not None:
            total = loss if total is None else total + loss
    return total
