"""Functions with a memory for random stories: what a user would pass for ``function f stateful``.

They know from the interpreter when they are to be called, and with which plates: once a step, in
story order, on the full plates. A module that calls them otherwise is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

Plates = tuple[str, ...]
Rule = Callable[..., Any]


@dataclass(slots=True)
class Script:
    """The calls that a forward pass makes of all functions, and how many it has made."""

    calls: list[tuple[str, Plates, Plates]] = field(default_factory=list)
    made: int = 0

    def next(self, name: str) -> tuple[Plates, Plates]:
        """The plates of the next call, and those of what is in mind behind it."""
        assert self.made < len(self.calls), f"`{name}` is called too often"
        due, plates, every = self.calls[self.made]
        assert name == due, f"`{name}` is called where `{due}` is due"
        self.made += 1
        return plates, every


@dataclass(slots=True)
class Keeper:
    """Says and keeps by these rules, ``rule(kept, *given)`` of one element; first 0 is in mind.

    A call that lacks plates of what is in mind sees the mean over them.
    """

    name: str
    says: Rule
    keeps: Rule
    script: Script
    plates: Plates = ()
    kept: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))

    def expect(self, plates: Plates, every: Plates) -> None:
        """A call to come, ``every`` plate of what is in mind behind it."""
        self.script.calls.append((self.name, plates, every))

    def reset(self) -> None:
        """Forget everything."""
        self.plates, self.kept = (), torch.zeros((), dtype=torch.float64)

    def __call__(self, *given: Tensor) -> Tensor:
        plates, every = self.script.next(self.name)
        assert max(value.ndim for value in given) == len(plates), "not on the full plates"
        given = tuple(value[(None,) * (len(plates) - value.ndim)] for value in given)
        lacking = tuple(d for d, plate in enumerate(self.plates) if plate not in plates)
        seen = self.kept.mean(lacking) if lacking else self.kept
        left = tuple(p for p in self.plates if p in plates)
        said: Tensor = self.says(_aligned(seen, left, plates), *given)
        given = tuple(_aligned(value, plates, every) for value in given)
        self.kept = self.keeps(_aligned(self.kept, self.plates, every), *given)
        self.plates = every
        return said


def _aligned(value: Tensor, plates: Plates, every: Plates) -> Tensor:
    """``value`` with these plates, with a dimension for every one."""
    for dim, plate in enumerate(every):
        if plate not in plates:
            value = value.unsqueeze(dim)
    return value


def _decayed(kept: Tensor, x: Tensor) -> Tensor:
    return 0.5 * kept + torch.tanh(x)


DECLARED: dict[str, tuple[str, Rule, Rule]] = {
    "walk": ("stateful: [] -> []", _decayed, _decayed),
    "recall": ("stateful: [] -> []", lambda kept, x: torch.tanh(x) * (0.4 + kept), _decayed),
    "count": (
        "nondiff stateful: [] -> []",
        lambda kept, x: 0.3 * kept + torch.tanh(x),
        lambda kept, x: kept + 1 + 0 * x,
    ),
    "pair": (
        "nondiff stateful: [], [] -> []",
        lambda kept, x, y: torch.tanh(x) + kept * torch.tanh(y),
        lambda kept, x, y: 0.7 * kept + torch.tanh(x * y),
    ),
}
"""Signature, what is said, what is kept: never huge, whatever is given."""


def declaration(name: str) -> str:
    """The story's line for one of these functions."""
    flags, separator, rest = DECLARED[name][0].partition(":")
    return f"function {name} {flags}{separator}{rest}"


def keepers(text: str) -> dict[str, Any]:
    """New functions for all that a story declares."""
    names, script = re.findall(r"^function (\w+)", text, re.MULTILINE), Script()
    return {name: Keeper(name, *DECLARED[name][1:], script) for name in names}


def watched(model: Any, functions: dict[str, Keeper]) -> Any:
    """``model``, in each of whose calls the functions begin anew and have to be called as told."""
    scripts = [function.script for function in functions.values()][:1]

    def begin(*_: Any) -> None:
        for function in functions.values():
            function.reset()
        for script in scripts:
            script.made = 0

    def end(*_: Any) -> None:
        for script in scripts:
            assert script.made == len(script.calls), f"{script.made} of {script.calls} calls made"

    model.register_forward_pre_hook(begin)
    model.register_forward_hook(end)
    return model
