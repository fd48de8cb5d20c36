"""Losses whose higher derivatives are not estimates: differentiating further raises, or warns."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from storch_runtime.errors import StoryWarning

__all__ = ["limit_order"]


def limit_order(loss: Tensor, order: int | None, kinks: int | None = None) -> Tensor:
    """``loss``, of which derivatives beyond ``order`` raise (None: none does).

    Those beyond ``kinks`` warn: there values bend where something moves them.
    """
    if torch.compiler.is_compiling() or not loss.requires_grad:
        return loss
    if order is None and kinks is None:
        return loss
    bent = kinks is not None and (order is None or kinks < order)
    highest = kinks if bent else order
    limited: Tensor = _Limit.apply(loss, loss, highest, highest, bent)  # type: ignore[no-untyped-call]
    return limit_order(limited, order) if bent else limited


class _Limit(torch.autograd.Function):
    """The identity, which may be differentiated ``left`` times; ``bent``, it warns then.

    Every derivative of the loss is a multiple of the gradient that came in here. That gradient is
    passed through another one of these, tied to the loss by an anchor; its own derivative adds 0.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(value: Tensor, anchor: Tensor, left: int, order: int, bent: bool) -> Tensor:
        """The identity."""
        return value.view_as(value)

    @staticmethod
    def setup_context(
        ctx: Any, inputs: tuple[Tensor, Tensor, int, int, bool], output: Tensor
    ) -> None:
        """Keep the anchor; `torch.func` wants this apart."""
        _, anchor, ctx.left, ctx.order, ctx.bent = inputs
        ctx.save_for_backward(anchor)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None, None, None]:
        """One derivative: the next one goes through the gradient."""
        if ctx.left == 0 and not ctx.bent:
            raise RuntimeError(
                f"derivatives beyond order {ctx.order} of this loss are not estimates: a method of "
                "the story is right to that order only (`model.order`); another method, such as "
                "`ScoreFunction`, has derivatives of any order"
            )
        if ctx.left == 0:
            warnings.warn(
                f"derivatives beyond order {ctx.order} of this loss are not estimates: values bend "
                "at places that move with what learns, as `relu` and `abs` do (`model.order`; "
                "`storchc explain FILE` names them)",
                StoryWarning,
                stacklevel=2,
            )
            return gradient, None, None, None, None
        if not torch.is_grad_enabled():  # nobody differentiates this derivative
            return gradient, None, None, None, None
        (anchor,) = ctx.saved_tensors
        left = ctx.left - 1
        passed = _Limit.apply(  # type: ignore[no-untyped-call]
            gradient, anchor, left, ctx.order, ctx.bent
        )
        first = ctx.left == ctx.order
        return passed, None if first else passed * 0, None, None, None
