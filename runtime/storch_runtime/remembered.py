"""What a value was made of, which it knows where floats would tell too little of it.

That stands in its attribute ``drawn_as``, and in ``drawn_how`` what it is: its logarithms (`LOGS`),
its log-odds (`ODDS`), or what transforms were given (`BASE`). ``drawn_from`` is the distribution
that knows how that moves, until somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

__all__ = ["How", "Moving", "carried", "logarithm", "logarithm_of", "remembering", "source_of"]

How = Literal["logs", "odds", "base"]


class Moving(Protocol):
    """A distribution that says how what its values are made of moves with its parameters."""

    def source_path(self, source: Tensor) -> Tensor:
        """``source`` ``[n, *plates, *event]`` up to rounding, with its derivative."""


def remembering(value: Tensor, source: Tensor, how: How, law: Moving | None = None) -> Tensor:
    """``value`` with what it was made of, ``source``, both of one shape.

    ``law``: where that gets its derivative only when it is asked for.
    """
    value.drawn_as, value.drawn_how = source, how  # type: ignore[attr-defined]
    if law is not None:
        value.drawn_from = law  # type: ignore[attr-defined]
    return value


def source_of(value: Tensor, how: How) -> Tensor | None:
    """What a value was made of, with its derivative; None where it knows nothing of this kind."""
    if getattr(value, "drawn_how", None) != how:
        return None
    source: Tensor = value.drawn_as  # type: ignore[attr-defined]
    law: Moving | None = getattr(value, "drawn_from", None)
    if law is None or not torch.is_grad_enabled():
        return source
    path = law.source_path(source)
    moving = source + (path - path.detach())
    value.drawn_as, value.drawn_from = moving, None  # type: ignore[attr-defined]  # asked for once
    return moving


def carried(found: Tensor, value: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """``found``, which ``change`` made of ``value``, with what that was made of, changed alike."""
    how: How | None = getattr(value, "drawn_how", None)
    if how is None:
        return found
    source = source_of(value, how)
    if source is None or source.shape != value.shape:
        return found
    return remembering(found, change(source), how)


def logarithm_of(value: Tensor) -> Tensor | None:
    """``log value`` as far as it is known of what the value was made of."""
    logs = source_of(value, "logs")
    if logs is not None:
        return logs
    odds = source_of(value, "odds")
    return None if odds is None else logsigmoid(odds)


def logarithm(value: Tensor) -> Tensor:
    """``log value`` ``[...]``: of a draw that knows its logarithm, that."""
    known = logarithm_of(value)
    return value.log() if known is None else known
