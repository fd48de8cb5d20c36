"""What stands in a story of the user's and is not trained by it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.stateless import _reparametrize_module

from storch_runtime.carrying import carries_gradient

__all__ = ["Frozen"]


class Frozen:
    """A module or distribution without a gradient for its parameters, only for what it is given.

    No `nn.Module`, so that the model neither trains, saves nor switches it between modes: it may be
    trained elsewhere, or stand beside as another, trained module. ``model.to`` moves it.
    """

    __slots__ = ("looked", "module")

    def __init__(self, module: Any) -> None:
        self.module = module
        self.looked = False

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the module with its parameters as they are now, detached."""
        if not torch.is_grad_enabled() or not isinstance(self.module, nn.Module):
            return self.module(*arguments, **options)
        return functional_call(self.module, _fixed(self.module), arguments, options)

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of it, such as ``log_prob``."""
        asked = getattr(self.module, method)
        if not torch.is_grad_enabled():
            return asked(*arguments, **options)
        if not isinstance(self.module, nn.Module):
            with torch.set_grad_enabled(any(map(carries_gradient, arguments))):
                return asked(*arguments, **options)
        # as `functional_call` does, which calls the module itself alone
        with _reparametrize_module(self.module, _fixed(self.module), tie_weights=True):
            return asked(*arguments, **options)

    def leaks(self, method: str, *arguments: Any) -> bool:
        """Whether what is no module has a gradient besides that for its arguments; asked once."""
        if self.looked or torch.compiler.is_compiling() or isinstance(self.module, nn.Module):
            return False
        self.looked = True
        found = getattr(self.module, method)(*(a.detach() for a in arguments))
        return isinstance(found, Tensor) and found.requires_grad

    def __repr__(self) -> str:
        return f"Frozen({self.module!r})"


def _fixed(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in module.named_parameters()}
