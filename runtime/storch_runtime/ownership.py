"""Which parameters the model holds, whatever else they stand in: it alone trains them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from torch import nn
from torch.func import functional_call

__all__ = ["Apart", "Trained", "apart"]


class Trained(Protocol):
    """What a method calls and trains: a module, or what is its own of one."""

    def __call__(self, *arguments: Any) -> Any:
        """What it makes of values with one element a row."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """What may be trained."""


class Apart:
    """A module apart from the parameters ``held``, by name, which the model trains."""

    __slots__ = ("held", "module")

    def __init__(self, module: nn.Module, held: frozenset[str]) -> None:
        self.module = module
        self.held = held

    def __call__(self, *arguments: Any) -> Any:
        """Call the module; no gradient reaches what is held."""
        fixed = {name: self.module.get_parameter(name).detach() for name in self.held}
        return functional_call(self.module, fixed, arguments)

    def parameters(self) -> Iterator[nn.Parameter]:
        """The parameters of its own."""
        named = self.module.named_parameters()
        return (parameter for name, parameter in named if name not in self.held)


def apart(module: nn.Module, model: frozenset[nn.Parameter]) -> frozenset[str]:
    """The names of the parameters of a method's module that the ``model`` holds too."""
    return frozenset(name for name, p in module.named_parameters() if p in model)
