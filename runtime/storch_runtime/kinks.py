"""Modules that bend or jump: how often a loss behind them may be differentiated."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

__all__ = ["jumping_layer", "kink_order"]

CORNERS = (
    nn.ReLU,
    nn.LeakyReLU,
    nn.PReLU,
    nn.RReLU,
    nn.Hardtanh,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.Softshrink,
    nn.SELU,
    nn.MaxPool1d,
    nn.MaxPool2d,
    nn.MaxPool3d,
    nn.AdaptiveMaxPool1d,
    nn.AdaptiveMaxPool2d,
    nn.AdaptiveMaxPool3d,
)
"""Their first derivative jumps: behind them second derivatives lack a term."""

BENDS = (nn.ELU, nn.CELU, nn.Softsign)
"""Their second derivative jumps (that of `ELU` with an alpha other than 1 the first)."""

JUMPS = (nn.Hardshrink, nn.Threshold)


def kink_order(module: nn.Module) -> int | None:
    """The highest derivative that is right behind ``module``, as far as its layers are known."""
    return min(filter(None, map(_order, module.modules())), default=None)


def _order(layer: nn.Module) -> int | None:
    if isinstance(layer, nn.ELU) and layer.alpha != 1:
        return 1
    if isinstance(layer, CORNERS):
        return 1
    return 2 if isinstance(layer, BENDS) else None


def jumping_layer(module: nn.Module) -> str | None:
    """The first layer of ``module`` that jumps, if there is one."""
    return next(_jumping(module), None)


def _jumping(module: nn.Module) -> Iterator[str]:
    return (type(layer).__name__ for layer in module.modules() if isinstance(layer, JUMPS))
