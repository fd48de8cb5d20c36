"""Modules that stand in a story and are not trained by it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.func import functional_call

__all__ = ["Frozen"]


class Frozen:
    """A module without a gradient for its parameters; what it is given gets one through it.

    No `nn.Module`, so that the model neither trains, saves nor switches it between modes: it may be
    trained elsewhere, or stand beside as another, trained module. ``model.to`` moves it.
    """

    __slots__ = ("module",)

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, *arguments: Any) -> Any:
        """Call the module with its parameters as they are now, detached."""
        if not torch.is_grad_enabled():
            return self.module(*arguments)
        fixed = {name: p.detach() for name, p in self.module.named_parameters()}
        return functional_call(self.module, fixed, arguments)

    def __repr__(self) -> str:
        return f"Frozen({self.module!r})"
