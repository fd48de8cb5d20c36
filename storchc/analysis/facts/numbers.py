"""Numbers for expressions: what a story makes of a few of them is looked at, not derived.

What is made of others is computed, all else is a leaf: a number of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import field, replace
from random import Random
from types import EllipsisType

from storchc.catalogue import functions
from storchc.ir.expression import (
    Apply,
    Construct,
    Distribution,
    Literal,
    Named,
    Range,
    Reference,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.ranges import ANYTHING
from storchc.ir.ranges import Range as Lies
from storchc.ir.types import DistributionType
from storchc.ir.walk import children
from storchc.records import dataclass

Leaf = tuple[Hashable, int]
"""What a leaf says, and its lane."""


@dataclass(slots=True)
class Numbers:
    """Numbers for the expressions of a story, single elements of them at a time.

    Leaves are positive, since roots and logarithms want them so; ``below``: of either sign.
    ``names`` is how many names deep a story is read. A value of several elements has a number in
    each of some ``lanes``, along the last dimension or (``whole``) in all of the event; without
    lanes what is made of elements is a leaf. ``lie``: where expressions are known to lie, so that
    leaves lie there too. One leaf, ``moved``, takes all of some numbers in turn.

    ``standing`` are the expressions of leaves, ``unseen`` the functions that were taken for one.
    """

    graph: Graph
    random: Random
    names: int
    below: bool = False
    lanes: int = 0
    whole: bool = True
    lie: Callable[[Value | Distribution], Lies] = lambda value: ANYTHING
    leaves: dict[Leaf, float] = field(default_factory=dict)
    moved: Leaf | None = None
    points: list[float] = field(default_factory=lambda: [0.0])
    keys: dict[int, Hashable] = field(default_factory=dict)
    standing: dict[Hashable, Value | Distribution] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    known: dict[Leaf, list[float]] = field(default_factory=dict)

    def at(self, leaf: Leaf, number: float) -> Numbers:
        """The same with another number for a leaf."""
        return replace(self, leaves={**self.leaves, leaf: number}, known={})

    def along(self, leaf: Leaf, points: list[float]) -> Numbers:
        """The same with several numbers for a leaf."""
        return replace(self, moved=leaf, points=points, known={})

    def of(self, value: Value | Distribution) -> float:
        """The number of an expression."""
        return self.all(value)[0]

    def all(self, value: Value | Distribution, lane: int = 0) -> list[float]:
        """The numbers of an expression in a lane, one for each that the moved leaf takes."""
        match value:
            case Literal(number):
                return [float(number)] * len(self.points)
            case Reference(name):
                return self._of_name(name, value, lane)
            case Apply() if (found := self._applied(value, lane)) is not None:
                return found
        if id(value) not in self.keys:
            self.keys[id(value)] = said(value)
        return self._leaf(self.keys[id(value)], value, lane)

    def _applied(self, value: Apply, lane: int) -> list[float] | None:
        row, operands = functions.row(value.function), value.operands
        if row.cut or value.function in _THE_SAME:
            return self.all(operands[0], lane)
        if self.lanes and value.function in _JOINED and all(map(self._is_one, operands)):
            return self.all(operands[lane % len(operands)], lane)
        if self.lanes and value.function in _TOTALS and self._is_one(value):
            every = [self.all(operands[0], i) for i in range(self.lanes)]
            total = _TOTALS[value.function]
            return [total(value, numbers) for numbers in zip(*every, strict=True)]
        meaning = row.fold if row.fold is not None else _MEANINGS.get(value.function)
        if meaning is not None and not value.settings:
            parts = [self.all(operand, lane) for operand in operands]
            return [float(meaning(*numbers)) for numbers in zip(*parts, strict=True)]
        if value.function in _SETTLED:
            parts = [self.all(operand, lane) for operand in operands]
            settled = _SETTLED[value.function]
            return [settled(value, *numbers) for numbers in zip(*parts, strict=True)]
        self.unseen.add(value.function)
        return None

    def _of_name(self, name: str, value: Reference, lane: int) -> list[float]:
        made = named(self.graph, value) if self.names else None
        if made is None:
            return self._leaf(name, value, lane)
        leaf = (name, lane)
        if leaf not in self.known:
            self.names -= 1
            self.known[leaf] = self.all(made, lane)
            self.names += 1
        return self.known[leaf]

    def _leaf(self, key: Hashable, value: Value | Distribution, lane: int) -> list[float]:
        leaf = (key, 0 if self._is_one(value) else lane)
        if leaf not in self.leaves:
            self.standing[key] = value
            self.leaves[leaf] = self._drawn(self.lie(value))
        if leaf == self.moved:
            return self.points
        return [self.leaves[leaf]] * len(self.points)

    def _drawn(self, lies: Lies) -> float:
        """A number that lies somewhere."""
        if lies.number is not None:
            return lies.number
        if lies.bounded:
            return lies.low + (lies.high - lies.low) * self.random.uniform(0.1, 0.9)
        sign = self.random.choice((-1, 1)) if self.below else 1
        number = sign * self.random.uniform(0.3, 2.5)
        if lies.low > -math.inf:
            return lies.low + abs(number)
        return lies.high - abs(number) if lies.high < math.inf else number

    def _is_one(self, value: Value | Distribution) -> bool:
        """Whether a value is the same in all lanes."""
        if isinstance(value.type, DistributionType):
            return True
        shape = value.type.shape if self.whole else value.type.shape[-1:]
        return all(size.broadcasts for size in shape)


def named(graph: Graph, value: Value | Distribution) -> Value | None:
    """The value that a name stands for, if one computes it."""
    if not isinstance(value, Reference) or value.name in graph.carried:
        return None
    node = graph.compute_by_name.get(value.name)
    if node is None or len(node.names) != 1 or isinstance(node.value, Construct | Named):
        return None
    return node.value


_THE_SAME = frozenset({"continuous", "float", "broadcast_to", "unsqueeze", "squeeze"})
_JOINED = frozenset({"stack", "concat"})


def _clamped(value: Apply, found: float, *bounds: float) -> float:
    names = (name for name in ("min", "max") if name not in value.settings)
    for name, bound in zip(names, bounds, strict=True):
        found = max(found, bound) if name == "min" else min(found, bound)
    return found


_MEANINGS: Mapping[str, Callable[..., float]] = {
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "fmax": max,
    "fmin": min,
    "round": lambda x: float(round(x)) if math.isfinite(x) else x,
}
"""Functions that are not folded, with what they make of numbers."""


def _shrunk(value: Apply, x: float) -> float:
    size = _setting(value, "lambd")
    return 0.0 if abs(x) <= size else x - math.copysign(size, x)


def _cut(value: Apply, x: float) -> float:
    return 0.0 if abs(x) <= _setting(value, "lambd") else x


def _above(value: Apply, x: float) -> float:
    return x if x > _setting(value, "threshold") else _setting(value, "value")


def _setting(value: Apply, name: str) -> float:
    found = value.settings[name]
    assert isinstance(found, int | float)
    return float(found)


_SETTLED: Mapping[str, Callable[..., float]] = {
    "clamp": _clamped,
    "softshrink": _shrunk,
    "hardshrink": _cut,
    "threshold": _above,
}
"""The same of functions with settings."""

_HUGE = 1e60


def _length(value: Apply, numbers: tuple[float, ...]) -> float:
    order = value.settings["p"]
    assert isinstance(order, int | float)
    sizes = [abs(x) for x in numbers]
    if math.isinf(order) or order <= 0:
        return max(sizes)
    return math.inf if max(sizes) > _HUGE else float(sum(x**order for x in sizes) ** (1 / order))


def _variance(value: Apply, numbers: tuple[float, ...]) -> float:
    mean = sum(numbers) / len(numbers)
    return math.inf if max(map(abs, numbers)) > _HUGE else sum((x - mean) ** 2 for x in numbers)


_TOTALS: Mapping[str, Callable[[Apply, tuple[float, ...]], float]] = {
    "sum": lambda value, numbers: sum(numbers),
    "mean": lambda value, numbers: sum(numbers) / len(numbers),
    "max": lambda value, numbers: max(numbers),
    "min": lambda value, numbers: min(numbers),
    "norm": _length,
    "var": _variance,
    "std": lambda value, numbers: math.sqrt(_variance(value, numbers)),
}
"""Reductions of all lanes; a factor that does not matter is left out."""


def said(value: Value | Distribution) -> Hashable:
    """What an expression says, wherever it stands."""
    if isinstance(value, Reference):
        return value.name
    names = (
        getattr(value, name, None)
        for name in ("function", "callee", "family", "name", "plates", "value", "items", "size")
    )
    plain = (part if isinstance(part, _PLAIN) else _plain_items(part) for part in names)
    settings: Mapping[str, object] = getattr(value, "settings", {})
    inner = tuple(said(child) for child in children(value))
    return (type(value).__name__, *plain, repr(dict(settings)), *inner)


_PLAIN = str | int | float | None


def _plain_items(part: object) -> Hashable:
    """The items of an index that are no values; values are among the operands."""
    if not isinstance(part, tuple):
        return None
    return tuple(repr(i) for i in part if isinstance(i, int | str | Range | EllipsisType))
