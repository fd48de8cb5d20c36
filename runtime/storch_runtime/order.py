"""Losses whose higher derivatives are not estimates: differentiating further raises."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["limit_order"]


def limit_order(loss: Tensor, order: int | None) -> Tensor:
    """``loss``, of which derivatives beyond ``order`` raise (None: none does)."""
    if order is None or torch.compiler.is_compiling() or not loss.requires_grad:
        return loss
    limited: Tensor = _Limit.apply(loss, loss, order, order)  # type: ignore[no-untyped-call]
    return limited


class _Limit(torch.autograd.Function):
    """The identity, which may be differentiated ``left`` times.

    Every derivative of the loss is a multiple of the gradient that came in here. That gradient is
    passed through another one of these, tied to the loss by an anchor; its own derivative adds 0.
    """

    @staticmethod
    def forward(ctx: Any, value: Tensor, anchor: Tensor, left: int, order: int) -> Tensor:
        """The identity."""
        ctx.save_for_backward(anchor)
        ctx.left, ctx.order = left, order
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        """One derivative: the next one goes through the gradient."""
        if ctx.left == 0:
            raise RuntimeError(
                f"derivatives beyond order {ctx.order} of this loss are not estimates: a method of "
                "the story is right to that order only (`model.order`); another method, such as "
                "`ScoreFunction`, has derivatives of any order"
            )
        (anchor,) = ctx.saved_tensors
        left = ctx.left - 1
        passed = _Limit.apply(gradient, anchor, left, ctx.order)  # type: ignore[no-untyped-call]
        first = ctx.left == ctx.order
        return passed, None if first else passed * 0, None, None
