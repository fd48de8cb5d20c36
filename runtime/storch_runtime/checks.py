"""Checks at the call: shapes, dtypes and devices of inputs and of what modules return.

Comparing is fast; words are made only on failure, in the story's terms and with the story's line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from numbers import Integral, Real
from typing import Any, Literal

import torch
from torch import Tensor

from storch_runtime.errors import MovedJump, StoryShapeError, StoryTypeError

__all__ = ["Input", "Result", "Results", "agreement"]

Kind = Literal["float", "int", "bool"]


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a story: ``Input("x", ("data",), (784,), "float", "vae.story:7")``.

    An event size is a number, the name of a free dim that this input binds, or what is made of
    such dims (``"2 * D"``), which fits when all inputs have bound theirs. ``jump`` is the line
    where a value jumps at a place that moves with the input, so that no gradient may flow to it.
    """

    name: str
    plates: tuple[str, ...] = ()
    event: tuple[int | str, ...] = ()
    kind: Kind = "float"
    where: str = ""
    jump: str = ""

    def check(self, value: Tensor | float, sizes: dict[str, int], like: Tensor) -> Tensor:
        """The input as a tensor; ``sizes`` learns its plates and free dims, or must agree."""
        if not isinstance(value, Tensor):
            value = self._number(value, like)
        if self.jump and value.requires_grad and torch.is_grad_enabled():
            raise MovedJump(
                f"{self.jump}: a value jumps here at a place that moves with input `{self.name}`, "
                f"which requires a gradient, and no estimate of it would be right; give "
                f"`{self.name}.detach()`, or mend the story (`storchc explain S440`)"
            )
        if _kind(value) != self.kind:
            wanted = _DTYPES[self.kind]
            mend = _converted(self.name, value.dtype, self.kind)
            raise StoryTypeError(self._says(f"has dtype {value.dtype}, expected {wanted}") + mend)
        shape = value.shape
        if len(shape) != len(self.plates) + len(self.event):
            mend = self._reshaped(shape)
            raise StoryShapeError(self._says(f"has shape {list(shape)}") + mend)
        for plate, size in zip(self.plates, shape, strict=False):
            if sizes.setdefault(plate, size) != size or size == 0:
                raise StoryShapeError(self._says(_disagreement("plate", plate, size, sizes, shape)))
        for declared, size in zip(self.event, shape[len(self.plates) :], strict=True):
            if declared != size:
                self._bind(declared, size, sizes, shape)
        return value.long() if self.kind == "int" else value

    def fits(self, value: Tensor, event: tuple[int, ...]) -> None:
        """Raise unless ``value`` has the event sizes that the free dims make."""
        if value.shape[len(self.plates) :] != event:
            wanted = [*value.shape[: len(self.plates)], *event]
            raise StoryShapeError(self._says(f"has shape {list(value.shape)}, expected {wanted}"))

    def _bind(self, wanted: int | str, size: int, sizes: dict[str, int], shape: torch.Size) -> None:
        """An event size that is not the number expected: a free dim, or an error."""
        if isinstance(wanted, str):
            if sizes.setdefault(wanted, size) == size and size > 0:
                return
            raise StoryShapeError(self._says(_disagreement("dim", wanted, size, sizes, shape)))
        raise StoryShapeError(self._says(f"has shape {list(shape)}"))

    def _reshaped(self, shape: torch.Size) -> str:
        """How a value with all its numbers, in other dimensions, gets the event declared."""
        plates, sizes = len(self.plates), [size for size in self.event if isinstance(size, int)]
        if plates == 1 and len(shape) == len(self.event) and shape == tuple(self.event):
            return f": of one element of `{self.plates[0]}` give `{self.name}[None]`"
        event = shape[plates:]
        if len(sizes) < len(self.event) or not sizes or prod(event) != prod(sizes) or not event:
            return ""
        if len(sizes) == 1:
            return f": flatten it, `{self.name}.flatten({plates})`"
        if len(event) == 1:
            return f": `{self.name}.unflatten({plates}, {tuple(sizes)})`"
        return f": `{self.name}.reshape({', '.join(map(str, (*shape[:plates], *sizes)))})`"

    def _number(self, value: float, like: Tensor) -> Tensor:
        """A Python number for a scalar input."""
        scalar = not (self.plates or self.event)
        if not scalar or not isinstance(value, _NUMBERS[self.kind]):
            wanted = f"a tensor or a `{self.kind}`" if scalar else "a tensor"
            raise StoryTypeError(self._says(f"is a `{type(value).__name__}`, expected {wanted}"))
        dtype = {"float": like.dtype, "int": torch.int64, "bool": torch.bool}[self.kind]
        if self.kind == "float" and torch.compiler.is_compiling():
            # `full` would bake the number into the graph, and every new one compile it again
            return torch.zeros((), dtype=dtype, device=like.device) + value
        try:
            return torch.full((), value, dtype=dtype, device=like.device)
        except (OverflowError, RuntimeError):
            raise StoryTypeError(self._says(f"is {value}, too large for {dtype}")) from None

    def _says(self, fact: str) -> str:
        declared = ", ".join(map(str, (*self.plates, *self.event)))
        kind = "" if self.kind == "float" else f": {self.kind}"
        wanted = f"{self.name}[{declared}]{kind}" if declared else f"{self.name}{kind} (a scalar)"
        return f"{_at(self.where)}input `{self.name}` {fact}; the story declares `{wanted}`"


@dataclass(frozen=True, slots=True)
class Result:
    """What a module or function of the user's returns: ``Result("f", (20,), "float", "a.s:8")``.

    ``event`` are its sizes; where a free dim is among them the call brings the numbers. One of
    several has a ``position``, and ``declared`` is what the story says of all.
    """

    name: str
    event: tuple[int | str, ...] = ()
    kind: Kind = "float"
    where: str = ""
    position: int | None = None
    declared: str = ""

    def unfold(
        self, value: Tensor, plates: tuple[int, ...], event: tuple[int, ...] | None = None
    ) -> Tensor:
        """``value`` ``[N, *event]`` as ``[*plates, *event]``; without plates N is 1."""
        sizes = self.event if event is None else event
        if len(plates) == 1:
            return self._checked(value, (*plates, *sizes))
        checked = self._checked(value, (prod(plates), *sizes))
        return checked.reshape(plates + checked.shape[1:]) if plates else checked[0]

    def spread(
        self, value: Tensor, plates: tuple[int, ...], event: tuple[int, ...] | None = None
    ) -> Tensor:
        """``value``, which must broadcast to ``[*plates, *event]``, with every dimension of it."""
        shape = (*plates, *(self.event if event is None else event))
        if isinstance(value, Tensor) and value.shape != shape:
            try:
                value = value.expand(shape)  # type: ignore[arg-type]
            except RuntimeError:
                found = f"{list(value.shape)}, which does not broadcast to {list(shape)}"
                raise StoryShapeError(self._says(f"shape {found}")) from None
        return self._checked(value, shape)

    def _checked(self, value: Tensor, shape: tuple[int | str, ...]) -> Tensor:
        if not isinstance(value, Tensor):
            raise StoryTypeError(self._says(f"a `{type(value).__name__}`, not a tensor"))
        if value.shape != shape:
            raise StoryShapeError(self._says(f"shape {list(value.shape)}, expected {list(shape)}"))
        if _kind(value) != self.kind:
            raise StoryTypeError(self._says(f"dtype {value.dtype}, expected {_DTYPES[self.kind]}"))
        return value

    def _says(self, found: str) -> str:
        kind = "" if self.kind == "float" else f": {self.kind}"
        declared = self.declared or f"[{', '.join(map(str, self.event))}]{kind}"
        which = "" if self.position is None else f"as its {_ordinal(self.position)} result "
        said = f"`{self.name}` returned {which}{found}"
        return f"{_at(self.where)}{said}; the story declares `-> {declared}`"


@dataclass(frozen=True, slots=True)
class Results:
    """What returns ``count`` results: ``Results("step", "[4], []: bool", 2, "pole.story:11")``."""

    name: str
    declared: str
    count: int
    where: str = ""

    def result(self, position: int, event: tuple[int | str, ...], kind: Kind) -> Result:
        """One of them."""
        return Result(self.name, event, kind, self.where, position, self.declared)

    def counted(self, returned: Any) -> Any:
        """``returned``, which must be that many."""
        if isinstance(returned, tuple | list) and len(returned) == self.count:
            return returned
        found = f"a `{type(returned).__name__}`"
        if isinstance(returned, tuple | list):
            found = f"{len(returned)} result{'' if len(returned) == 1 else 's'}"
        said = f"`{self.name}` returned {found}, expected {self.count} results"
        raise StoryTypeError(f"{_at(self.where)}{said}; the story declares `-> {self.declared}`")


def agreement(values: Mapping[str, Tensor | float], where: str = "") -> Tensor:
    """The first floating tensor of ``values``; all of them must have its dtype and device.

    Where there is none, a scalar of torch's default dtype, on the device of the other tensors.
    """
    first, name_of_first, device = None, "", None
    for name, value in values.items():
        if not isinstance(value, Tensor):
            continue
        if not value.is_floating_point():
            device = value.device
            continue
        if first is None:
            first, name_of_first = value, name
        elif value.dtype is not first.dtype or value.device != first.device:
            raise StoryTypeError(
                f"{_at(where)}`{name}` is {value.dtype} on {value.device}, but `{name_of_first}` "
                f"is {first.dtype} on {first.device}: floats of a story share dtype and device; "
                + _moved(name_of_first, value, first)
            )
    return torch.empty((), device=device) if first is None else first


def _moved(name: str, value: Tensor, first: Tensor) -> str:
    """What to convert, the input ``first`` of that name, or the model with its params."""
    if value.dtype is not first.dtype:
        return f"`{name}.to({value.dtype})`, or `model.to({first.dtype})`"
    return f'`{name}.to("{value.device}")`, or `model.to("{first.device}")`'


_NUMBERS: dict[Kind, tuple[type, ...]] = {"float": (Real,), "int": (Integral,), "bool": (bool,)}
_DTYPES = {"float": "a floating dtype", "int": torch.int64, "bool": torch.bool}


def _converted(name: str, dtype: torch.dtype, wanted: Kind) -> str:
    """How a tensor gets the dtype that is wanted."""
    if dtype.is_complex:
        return ""
    if wanted == "float":
        image = f"; of an image `{name}.float() / 255`" if dtype is torch.uint8 else ""
        return f": convert it, `{name}.float()`{image}"
    return f": convert it, `{name}.{'long' if wanted == 'int' else 'bool'}()`"


def _kind(value: Tensor) -> Kind | None:
    if value.is_floating_point():
        return "float"
    if value.dtype is torch.bool:
        return "bool"
    return None if value.is_complex() else "int"


def _ordinal(position: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth")
    return words[position] if position < len(words) else f"{position + 1}th"


def _disagreement(
    what: str, name: str, size: int, sizes: Mapping[str, int], shape: torch.Size
) -> str:
    if size == 0:
        return f"has shape {list(shape)}: {what} `{name}` is empty, it needs 1 element or more"
    return f"has shape {list(shape)}: {what} `{name}` is {size} here and {sizes[name]} elsewhere"


def _at(where: str) -> str:
    return f"{where}: " if where else ""
