"""What a user gives to the constructor: modules, and nothing that only behaves like one."""

from __future__ import annotations

from collections.abc import Callable
from inspect import ismethod
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from storch_runtime.errors import StoryTypeError

__all__ = ["Bound", "FirstResult", "ModuleLike", "as_distribution", "as_module", "coupling"]

ModuleLike = nn.Module | Callable[..., Any]
"""What a constructor takes for a module: an instance, or a bound method of one (`vae.encode`)."""


class Bound(nn.Module):
    """A method of a module, ``vae.encode``: the module is registered, the method is called."""

    def __init__(self, owner: nn.Module, method: str) -> None:
        super().__init__()
        self.owner = owner
        self.method = method

    def forward(self, *arguments: Any, **options: Any) -> Any:
        """Call the method."""
        return getattr(self.owner, self.method)(*arguments, **options)


class FirstResult(nn.Module):
    """A layer that gives a tuple, such as `nn.GRU`, as one that gives the first part: its output.

    It is called with ``[N, *event]``; the output begins with the batch too.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *arguments: Any) -> Any:
        """The output alone."""
        return self.layer(*arguments)[0]


def as_module(given: Any, name: str, where: str) -> nn.Module:
    """The module given for ``name``; nobody would train and save what is none."""
    if isinstance(given, nn.Module):
        return given
    if ismethod(given) and isinstance(given.__self__, nn.Module):
        return Bound(given.__self__, given.__name__)
    said = f"the class `{given.__name__}`" if isinstance(given, type) else f"a `{_kind(given)}`"
    raise StoryTypeError(f"{where}: `{name}` is declared a module, but is {said}: {_mend(given)}")


def as_distribution(given: Any, name: str, where: str, *needed: str) -> Any:
    """The distribution given for ``name``, which must have the functions that are ``needed``."""
    said = f"{where}: `{name}` is declared a distribution"
    if isinstance(given, type):
        raise StoryTypeError(f"{said}, but is the class `{given.__name__}`: give an instance")
    missing = next((f for f in needed if not callable(getattr(given, f, None))), None)
    if missing is not None:
        raise StoryTypeError(
            f"{said}, and the story needs its `{missing}`, which a `{_kind(given)}` has not"
        )
    return given


def _kind(given: Any) -> str:
    return type(given).__name__


def _mend(given: Any) -> str:
    if isinstance(given, type) and issubclass(given, nn.Module):
        return f"give an instance, `{given.__name__}(…)`"
    if callable(given):
        return (
            "give an `nn.Module`, whose parameters the story trains and saves, or declare it a "
            "`function`"
        )
    return "give an `nn.Module`"


def coupling(module: nn.Module) -> str | None:
    """The kind of a layer that joins the rows of a batch as it is now; None where there is none."""
    layers = (m for m in module.modules() if isinstance(m, _BatchNorm) and m.training)
    return next((_kind(layer) for layer in layers), None)
