"""What stands in for the user's modules, functions and distributions: small, smooth, random."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import log, pi, prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, softplus

from storchc.records import dataclass

WIDTH = 4
"""Hidden units of what stands in for a module."""


@dataclass(frozen=True, slots=True)
class Part:
    """One tensor of a signature, per row: its shape, its kind of numbers, and where they lie."""

    shape: tuple[int, ...]
    dtype: str
    kind: str = "real"


@dataclass(frozen=True, slots=True)
class Signature:
    """What is taken and given: ``results`` are in groups, one of which is a tuple or one tensor."""

    ranks: tuple[int, ...]
    results: tuple[tuple[Part, ...], ...]
    tuples: tuple[bool, ...]


LIMITED: dict[str, Callable[[Tensor], Tensor]] = {
    "real": lambda y: y,
    "unit": lambda y: 0.05 + 0.9 * torch.sigmoid(y),
    "positive": lambda y: 0.2 + softplus(y),
    "negative": lambda y: -0.2 - softplus(y),
    "simplex": lambda y: y.softmax(-1),
    "growing": lambda y: (0.2 + softplus(y)).cumsum(-1),
}
"""Smooth functions that take numbers to where they must lie."""


class StandIn(nn.Module):
    """A layer of `tanh` units from fixed features, with few parameters, rows apart.

    Takes and gives ``[..., *event]``, the dimensions before the event broadcast.
    """

    def __init__(self, signature: Signature, generator: torch.Generator) -> None:
        super().__init__()
        self.signature = signature
        parts = [part for group in signature.results for part in group]
        self.shift = nn.ParameterList(_normal((prod(p.shape),), generator) for p in parts)
        self.gain = nn.ParameterList(_normal((prod(p.shape),), generator) for p in parts)
        count = sum(prod(part.shape) for part in parts)
        self.mixed: Tensor
        self.register_buffer("mixed", _normal((WIDTH, max(count, 1)), generator).detach())

    def forward(self, *arguments: Any) -> Any:
        """Every result, ``[..., *event]``."""
        hidden = self._hidden(_flat(arguments))
        learned = iter(zip(self.shift, self.gain, strict=True))
        given: list[Any] = []
        start = 0
        for group, is_tuple in zip(self.signature.results, self.signature.tuples, strict=True):
            tensors = []
            for part in group:
                shift, gain = next(learned)
                columns = self.mixed[:, start : start + prod(part.shape)]
                start += prod(part.shape)
                tensors.append(_as(part, shift + gain * (hidden @ columns)))
            given.append(tuple(tensors) if is_tuple else tensors[0])
        return given[0] if len(given) == 1 else tuple(given)

    def _hidden(self, arguments: Sequence[Tensor]) -> Tensor:
        total: Tensor | float = 0.3
        for place, (argument, rank) in enumerate(zip(arguments, self.signature.ranks, strict=True)):
            flat = argument.flatten(-rank) if rank else argument.unsqueeze(-1)
            total = total + flat.to(self.mixed.dtype) @ _features(flat.shape[-1], place, flat)
        units = torch.linspace(-0.5, 0.5, WIDTH).to(self.mixed)
        return torch.tanh(total + units)


def _as(part: Part, flat: Tensor) -> Tensor:
    """Numbers ``[..., size]`` as what a signature says: ``[..., *shape]``."""
    values = flat.reshape((*flat.shape[:-1], *part.shape))
    if part.dtype == "float":
        return LIMITED[part.kind](values) if part.kind in LIMITED else (values > 0).to(values)
    return values > 0 if part.dtype == "bool" else (values > 0).long()


def _features(width: int, place: int, like: Tensor) -> Tensor:
    """Fixed weights ``[width, WIDTH]`` of different sizes and signs."""
    rows = torch.arange(width, device=like.device)[:, None] + 1.7 * place
    columns = torch.arange(WIDTH, device=like.device)[None]
    found: Tensor = (
        torch.cos(0.9 + 1.3 * rows * (columns + 1) + columns) * 0.8 / max(width, 1) ** 0.5
    )
    return found.to(torch.get_default_dtype())


def _normal(size: tuple[int, ...], generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(0.6 * torch.randn(size, generator=generator))


def _flat(arguments: Iterable[Any]) -> list[Tensor]:
    found: list[Tensor] = []
    for argument in arguments:
        found += _flat(argument) if isinstance(argument, tuple | list) else [argument]
    return found


def function_of(signature: Signature, generator: torch.Generator) -> Callable[..., Any]:
    """What stands in for a function: nothing in it learns."""
    inner = StandIn(signature, generator).requires_grad_(False)
    return lambda *arguments: inner(*arguments)


class StandInLaw(nn.Module):
    """What stands in for a distribution of the user's: independent elements, rows apart.

    Discrete: each is 0 or 1. Otherwise normal.
    """

    def __init__(self, signature: Signature, discrete: bool, generator: torch.Generator) -> None:
        super().__init__()
        ((self.part,),) = signature.results
        self.discrete = discrete or self.part.dtype != "float"
        own = Part((*self.part.shape, 2), "float")
        self.inner = StandIn(Signature(signature.ranks, ((own,),), (False,)), generator)

    def _numbers(self, arguments: tuple[Any, ...], rows: int | None) -> Tensor:
        found: Tensor = self.inner(*arguments)
        return found if arguments or rows is None else found.expand(rows, *found.shape)

    def sample(self, *arguments: Any, rows: int | None = None) -> Tensor:
        """One value for each row."""
        numbers = self._numbers(arguments, rows)
        if not self.discrete:
            return self._normal(numbers)
        chance = numbers.softmax(-1)[..., 1]
        return self._typed(torch.rand_like(chance) < chance)

    def rsample(self, *arguments: Any, rows: int | None = None) -> Tensor:
        """The same, differentiable."""
        return self._normal(self._numbers(arguments, rows))

    def _normal(self, numbers: Tensor) -> Tensor:
        mean = numbers[..., 0]
        return mean + softplus(numbers[..., 1]) * torch.randn_like(mean)

    def _typed(self, chosen: Tensor) -> Tensor:
        if self.part.dtype == "bool":
            return chosen
        return chosen.long() if self.part.dtype == "int" else chosen.to(torch.get_default_dtype())

    def log_prob(self, value: Tensor, *arguments: Any, rows: int | None = None) -> Tensor:
        """One number for each row."""
        numbers = self._numbers(arguments, len(value))
        if self.discrete:
            each = (one_hot(value.long(), 2) * numbers.log_softmax(-1)).sum(-1)
        else:
            scale = softplus(numbers[..., 1])
            each = -(((value - numbers[..., 0]) / scale) ** 2) / 2 - scale.log() - log(2 * pi) / 2
        return each.flatten(1).sum(1) if each.dim() > 1 else each

    def entropy(self, *arguments: Any, rows: int | None = None) -> Tensor:
        """One number for each row."""
        numbers = self._numbers(arguments, rows)
        if self.discrete:
            logs = numbers.log_softmax(-1)
            each = -(logs.exp() * logs).sum(-1)
        else:
            each = softplus(numbers[..., 1]).log() + (1 + log(2 * pi)) / 2
        return each.flatten(1).sum(1) if each.dim() > 1 else each

    def mode(self, *arguments: Any, rows: int | None = None) -> Tensor:
        """The most probable value of each row."""
        numbers = self._numbers(arguments, rows)
        return self._typed(numbers.argmax(-1)) if self.discrete else numbers[..., 0]
