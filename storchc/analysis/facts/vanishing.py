"""Lengths and spreads that one number makes 0, so that what is divided by them has a pole.

The length of a vector is 0 at a point, which nothing meets by moving in one direction: but that of
``d * v`` is where d is, that of ``stack([d, 2 * d])`` too, and that of ``relu(d) * v`` on one side.
Looked for in numbers: one leaf moves, all others stand somewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from random import Random

from storchc.analysis.facts.numbers import Leaf, Numbers, named
from storchc.analysis.facts.ranges import Ranges
from storchc.catalogue.functions.fitting import axes, broadcast, sizes_of
from storchc.ir.expression import Apply, Distribution, Literal, Value
from storchc.ir.graph import Graph
from storchc.ir.ranges import ANYTHING, Range
from storchc.ir.size import product
from storchc.records import dataclass

Look = Callable[[Numbers], list[tuple[float, ...]]]
"""The numbers that are 0 together, to look at; for each point of the leaf that is moved."""

Movers = tuple[Value | Distribution, ...]
"""What moves the place where something vanishes."""

_NAMES = 8  # how many names deep a story is read
_LANES = 3  # of a dimension whose size is not known, or large
_MOST = 12
_LEAVES = 16  # how many are moved
_TRIALS = 2
_LOOKS = 100  # along one leaf, so many names deep; more of them see one name deep
_SMALL = 1e-5
_STEP = 1e-2


@dataclass(frozen=True, slots=True)
class Vanishing:
    """What one number makes 0; ``seen``: whether all on the way there is understood."""

    movers: Movers
    seen: bool


class Lengths:
    """Looks for what one number makes 0, in a story."""

    def __init__(self, graph: Graph, ranges: Ranges) -> None:
        """``ranges`` say where the numbers may lie."""
        self._graph, self._ranges = graph, ranges
        self._left = _LOOKS

    def divided_by(self, value: Value) -> Vanishing | None:
        """Of a denominator that is a length, a spread or a sum; None of any other."""
        length = self._length(value)
        if length is None:
            return None
        of = length.operands[0]
        dims = axes(length.settings["dim"], of.type.shape)
        return self._look(lambda n: [(x,) for x in n.all(value)], of, dims)

    def brought_to_one(self, value: Apply) -> Vanishing | None:
        """Of what a function brings to a length or a spread of 1; None of any other function."""
        if value.function not in _BROUGHT:
            return None
        found = [self._brought(value, operand) for operand in value.operands]
        movers = tuple(mover for each in found for mover in each.movers)
        return Vanishing(movers, all(each.seen for each in found))

    def _brought(self, value: Apply, of: Value) -> Vanishing:
        if "normalized_shape" in value.settings:
            count = len(sizes_of(value.settings["normalized_shape"]))
            dims = tuple(range(-count, 0))
        else:
            dims = axes(value.settings["dim"], broadcast([o.type.shape for o in value.operands]))
        centred = value.function == "layer_norm"
        look = partial(_elements, of, centred=centred)
        return self._look(look, of, dims, turning=True)

    def _length(self, value: Value, names: int = _NAMES) -> Apply | None:
        """The reduction that a denominator is, but for roots, powers and what is added."""
        match value:
            case Apply(function, (_, *_)) if function in _LENGTHS:
                return value
            case Apply(function, (inner, *_)) if function in _KEEPING:
                return self._length(inner, names)
            case Apply("add" | "multiply" | "maximum", (inner, Literal()) | (Literal(), inner)):
                return self._length(inner, names)
        made = named(self._graph, value) if names else None
        return None if made is None else self._length(made, names - 1)

    def _look(
        self, look: Look, of: Value, dims: tuple[int, ...], *, turning: bool = False
    ) -> Vanishing:
        """``turning``: only where the direction is another one behind it."""
        shape = of.type.shape
        size = product(tuple(shape[d] for d in dims if -d <= len(shape))).value
        lanes = size if size is not None and size <= _MOST else _LANES
        movers: dict[int, Value | Distribution] = {}
        unseen: set[str] = set()
        names = _NAMES if self._left > 0 else 1
        for trial in range(_TRIALS):
            numbers = Numbers(
                self._graph,
                Random(trial),
                names,
                below=True,
                lanes=max(lanes, 1),
                whole=dims != (-1,),
                lie=self._lies,
            )
            numbers.unseen = unseen
            for zero in self._zeros(look, numbers, turning):
                movers |= {id(value): value for value in _movers(look, numbers, zero)}
        return Vanishing(tuple(movers.values()), unseen.isdisjoint(_STICKING))

    def _lies(self, value: Value | Distribution) -> Range:
        return self._ranges.places.get(value, ANYTHING)

    def _zeros(self, look: Look, numbers: Numbers, turning: bool) -> Iterator[_Zero]:
        look(numbers)
        for leaf in list(islice(numbers.leaves, _LEAVES)):
            lies = self._lies(numbers.standing[leaf[0]])
            if not lies.known or lies.supposed or lies.whole or lies.number is not None:
                continue
            self._left -= 1
            for zero in _zeros(look, numbers, leaf, lies):
                if not turning or _turns(look, numbers, zero):
                    yield zero


_LENGTHS = frozenset({"norm", "std", "var", "sum", "mean"})
_KEEPING = frozenset(
    {"sqrt", "square", "power", "pow", "abs", "clamp", "squeeze", "unsqueeze", "broadcast_to"}
)
_BROUGHT = frozenset({"normalize", "cosine_similarity", "layer_norm", "rms_norm"})
_STICKING = frozenset(
    (
        *("hardtanh", "hardsigmoid", "hardswish", "heaviside", "sort", "topk"),
        *("median", "quantile", "cummax", "cummin"),
    )
)
"""Functions that may give 0 throughout, of which no number is computed."""


def _elements(of: Value, numbers: Numbers, *, centred: bool) -> list[tuple[float, ...]]:
    lanes = [numbers.all(of, lane) for lane in range(numbers.lanes)]
    found = zip(*lanes, strict=True)
    return [_centred(x) for x in found] if centred else list(found)


def _centred(elements: tuple[float, ...]) -> tuple[float, ...]:
    mean = sum(elements) / len(elements)
    return tuple(x - mean for x in elements)


# --- where they are 0 ----------------------------------------------------------------------------

Sizes = Callable[[list[float]], list[float]]


@dataclass(frozen=True, slots=True)
class _Zero:
    """A leaf, a number ``at`` which all is 0, and one ``beside`` it at which it is not.

    ``one_sided``: it is 0 at the other side throughout.
    """

    leaf: Leaf
    at: float
    beside: float
    one_sided: bool


_POINTS = 41
_REFINED = 13  # points within what is left of an interval, which then is a sixth of it


def _zeros(look: Look, numbers: Numbers, leaf: Leaf, lies: Range) -> Iterator[_Zero]:
    def sizes_at(points: list[float]) -> list[float]:
        return [max(map(abs, found)) for found in look(numbers.along(leaf, points))]

    points = _points(lies)
    sizes = sizes_at(points)
    scale = sorted(sizes)[_POINTS // 2] or 1.0
    for i in range(1, _POINTS - 1):
        before, here, after = sizes[i - 1 : i + 2]
        if not (here <= before and here <= after and max(before, after) > 0):
            continue
        at = points[i] if here == 0 else _lowest(sizes_at, points[i - 1], points[i + 1])
        beside = at - _STEP if before > 0 else at + _STEP
        low, near = sizes_at([at, beside])
        if low == near == 0:
            yield _edge(sizes_at, leaf, at, points[i - 1] if before > 0 else points[i + 1])
        elif low < _SMALL * scale and low < near:
            yield _Zero(leaf, at, beside, one_sided=False)


def _points(lies: Range) -> list[float]:
    """Numbers to look at, within a range; none is one that a story would write."""
    low, high = -8.03, 8.41
    if lies.low > -math.inf:
        low, high = lies.low, lies.low + 8.41
    if lies.high < math.inf:
        low, high = (lies.low if lies.bounded else lies.high - 8.41), lies.high
    return [low + (high - low) * (i + 0.5) / _POINTS for i in range(_POINTS)]


def _lowest(sizes_at: Sizes, low: float, high: float) -> float:
    """Where it is smallest between two points, with one trough between them."""
    found = low
    for _ in range(22):
        points = [low + (high - low) * i / (_REFINED - 1) for i in range(_REFINED)]
        sizes = sizes_at(points)
        i = min(range(_REFINED), key=sizes.__getitem__)
        found, low, high = points[i], points[max(i - 1, 0)], points[min(i + 1, _REFINED - 1)]
    return found


def _edge(sizes_at: Sizes, leaf: Leaf, at: float, beside: float) -> _Zero:
    """Where what is 0 on one side begins."""
    for _ in range(40):
        middle = (at + beside) / 2
        at, beside = (middle, beside) if sizes_at([middle]) == [0] else (at, middle)
    step = math.copysign(_STEP, beside - at)
    return _Zero(leaf, at - step / 100, beside + step, one_sided=True)


def _turns(look: Look, numbers: Numbers, zero: _Zero) -> bool:
    """Whether there is another direction on the other side."""
    if zero.one_sided:
        return True
    sides = [zero.at + _STEP, zero.at - _STEP]
    a, b = map(_direction, look(numbers.along(zero.leaf, sides)))
    return any(abs(x - y) > 0.1 for x, y in zip(a, b, strict=True))


def _direction(elements: tuple[float, ...]) -> tuple[float, ...]:
    length = math.sqrt(sum(x * x for x in elements)) or 1.0
    return tuple(x / length for x in elements)


def _movers(look: Look, numbers: Numbers, zero: _Zero) -> Iterator[Value | Distribution]:
    """The leaf, and all others that move the place."""
    yield numbers.standing[zero.leaf[0]]
    sides = [zero.at, zero.beside]
    for leaf, number in numbers.leaves.items():
        if leaf == zero.leaf:
            continue
        moved = numbers.at(leaf, number * 1.37 + 0.11).along(zero.leaf, sides)
        at, beside = (max(map(abs, found)) for found in look(moved))
        if not at < _STEP * beside:
            yield numbers.standing[leaf[0]]
