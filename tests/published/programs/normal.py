"""What the programs beside it share."""

from __future__ import annotations

from torch import Tensor


def again(value: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """``value``, drawn from a normal distribution, as a function of its parameters."""
    return loc + scale * ((value - loc) / scale).detach()


def halves(h: Tensor) -> tuple[Tensor, Tensor]:
    """The mean and the deviation that an encoder gives."""
    loc, log_scale = h.chunk(2, -1)
    return loc, log_scale.exp()
