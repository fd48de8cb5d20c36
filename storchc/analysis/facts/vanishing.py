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

from storchc.analysis.facts.numbers import Leaf, Numbers, Place, named
from storchc.analysis.facts.ranges import Ranges
from storchc.catalogue.functions.along import SPREADS, filled, pair
from storchc.catalogue.functions.fitting import axes, broadcast, sizes_of
from storchc.ir.expression import Apply, Distribution, Literal, Value
from storchc.ir.graph import Graph
from storchc.ir.ranges import ANYTHING, Range
from storchc.records import dataclass

Look = Callable[[Numbers], list[tuple[float, ...]]]
"""The numbers that are 0 together, to look at; for each point of the leaf that is moved."""

Movers = tuple[Value | Distribution, ...]
"""What moves the place where something vanishes."""

_NAMES = 8  # how many names deep a story is read
_MOST, _FEW = 12, 3  # elements of a dimension
_WORK = 160  # elements that are computed at a time
_LEAVES = 16  # how many are moved
_TRIALS = 2
_LOOKS = 100  # along one leaf, so many names deep; more of them see one name deep
_SMALL = 1e-5
_STEP = 1e-2


class Lengths:
    """Looks for what one number makes 0, in a story."""

    def __init__(self, graph: Graph, ranges: Ranges) -> None:
        """``ranges`` say where the numbers may lie."""
        self.graph, self._ranges = graph, ranges
        self._left = _LOOKS

    def divided_by(self, value: Value) -> Movers | None:
        """Of a denominator that is a length, a spread or a sum; None: nobody knows."""
        length = self._length(value)
        if length is None:
            return None
        first = (0,) * value.type.rank
        return self._look(lambda n: [(x,) for x in n.all(value, first)])

    def spread_of_two(self, value: Value) -> Apply | None:
        """The spread of two elements that a denominator is, or by which a function divides."""
        divides = isinstance(value, Apply) and value.function in _BROUGHT
        spread = value if divides else self._length(value)
        if not isinstance(spread, Apply) or spread.function not in SPREADS:
            return None
        return None if pair(spread) is None else spread

    def width(self, low: Value, high: Value) -> Movers:
        """Of an interval."""

        def look(numbers: Numbers) -> list[tuple[float, ...]]:
            ends = zip(*(numbers.all(v, (0,) * v.type.rank) for v in (low, high)), strict=True)
            return [(above - below,) for below, above in ends]

        return self._look(look) or ()

    def brought_to_one(self, value: Apply) -> Movers | None:
        """Of what a function brings to a length or a spread of 1; None: nobody knows."""
        if value.function not in _BROUGHT or filled(value):
            return None
        found = [self._brought(value, operand) for operand in value.operands]
        if None in found:
            return None
        return tuple(mover for movers in found for mover in movers or ())

    def _brought(self, value: Apply, of: Value) -> Movers | None:
        if "normalized_shape" in value.settings:
            count = len(sizes_of(value.settings["normalized_shape"]))
            dims = tuple(range(-count, 0))
        else:
            dims = axes(value.settings["dim"], broadcast([o.type.shape for o in value.operands]))
        centred = value.function == "layer_norm"
        look = partial(_elements, of, dims, centred=centred)
        return self._look(look, turning=True)

    def _length(self, value: Value, names: int = _NAMES) -> Apply | None:
        """The reduction that a denominator is, but for roots, powers and what is added."""
        match value:
            case Apply(function, (_, *_)) if function in _LENGTHS:
                return value
            case Apply(function, (inner, *_)) if function in _KEEPING:
                return self._length(inner, names)
            case Apply("add" | "multiply" | "maximum", (inner, Literal()) | (Literal(), inner)):
                return self._length(inner, names)
        made = named(self.graph, value) if names else None
        return None if made is None else self._length(made, names - 1)

    def _look(self, look: Look, *, turning: bool = False) -> Movers | None:
        """None: too much to look at. ``turning``: where it has another direction behind it."""
        movers: dict[int, Value | Distribution] = {}
        names = _NAMES if self._left > 0 else 1
        most = next((m for m in (_MOST, _FEW) if self._work(look, m, names) <= _WORK), None)
        if most is None:
            return None
        for trial in range(_TRIALS):
            numbers = self._numbers(trial, most, names)
            for zero in self._zeros(look, numbers, turning):
                movers |= {id(value): value for value in _movers(look, numbers, zero)}
        return tuple(movers.values())

    def _numbers(self, trial: int, most: int, names: int) -> Numbers:
        random = Random(trial)
        return Numbers(self.graph, random, names, below=True, most=most, lie=self._lies)

    def _work(self, look: Look, most: int, names: int) -> int:
        """How many elements are computed at a time."""
        numbers = self._numbers(0, most, names)
        look(numbers)
        return len(numbers.known)

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


def _elements(
    of: Value, dims: tuple[int, ...], numbers: Numbers, *, centred: bool
) -> list[tuple[float, ...]]:
    shape = of.type.shape
    free = [d in dims for d in range(-len(shape), 0)]
    places = numbers.places(tuple(s for s, one in zip(shape, free, strict=True) if one))
    own = (_placed(free, place) for place in places)
    found = zip(*(numbers.all(of, place) for place in own), strict=True)
    return [_centred(x) for x in found] if centred else list(found)


def _placed(free: list[bool], place: Place) -> Place:
    """The place with that in the dimensions which are free, the first in all others."""
    left = iter(place)
    return tuple(next(left) if one else 0 for one in free)


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
_LEVEL = 0.9  # of the largest beside it: what is not smaller is on its way to no 0
_REFINED = 13  # points within what is left of an interval, which then is a sixth of it


def _zeros(look: Look, numbers: Numbers, leaf: Leaf, lies: Range) -> Iterator[_Zero]:
    def sizes_at(points: list[float]) -> list[float]:
        return [max(map(abs, found)) for found in look(numbers.along(leaf, points))]

    points = _points(lies)
    sizes = sizes_at(points)
    scale = sorted(sizes)[_POINTS // 2] or 1.0
    for i in range(1, _POINTS - 1):
        before, here, after = sizes[i - 1 : i + 2]
        if not (here <= before and here <= after and here < max(before, after)):
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
        if sizes[i] > _LEVEL * max(sizes):
            return points[i]
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
