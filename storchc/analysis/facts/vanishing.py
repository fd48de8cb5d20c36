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

Look = Callable[[Numbers], tuple[float, ...]]
"""The numbers that are 0 together, to look at."""

Movers = tuple[Value | Distribution, ...]
"""What moves the place where something vanishes."""

_NAMES = 8  # how many names deep a story is read
_LANES = 3  # of a dimension whose size is not known, or large
_MOST = 12
_LEAVES = 16  # how many are moved
_TRIALS = 2
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

    def divided_by(self, value: Value) -> Vanishing | None:
        """Of a denominator that is a length, a spread or a sum; None of any other."""
        length = self._length(value)
        if length is None:
            return None
        of = length.operands[0]
        dims = axes(length.settings["dim"], of.type.shape)
        return self._look(lambda n: (n.of(value),), of, dims)

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
        for trial in range(_TRIALS):
            numbers = Numbers(
                self._graph,
                Random(trial),
                _NAMES,
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
        *("hardtanh", "hardsigmoid", "hardswish", "hardshrink", "softshrink", "threshold"),
        *("max", "min", "sort", "topk", "median", "quantile", "cummax", "cummin", "heaviside"),
    )
)
"""Functions that may give 0 throughout, of which no number is computed."""


def _elements(of: Value, numbers: Numbers, *, centred: bool) -> tuple[float, ...]:
    found = [numbers.of(of, lane) for lane in range(numbers.lanes)]
    middle = sum(found) / len(found) if centred else 0.0
    return tuple(x - middle for x in found)


# --- where they are 0 ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Zero:
    """A leaf, a number ``at`` which all is 0, and one ``beside`` it at which it is not.

    ``one_sided``: it is 0 at the other side throughout.
    """

    leaf: Leaf
    at: float
    beside: float
    one_sided: bool


_GRID = [-8.03 + 0.401 * i for i in range(41)]


def _zeros(look: Look, numbers: Numbers, leaf: Leaf, lies: Range) -> Iterator[_Zero]:
    def size(x: float) -> float:
        return max(map(abs, look(numbers.at(leaf, x))))

    points = _points(lies)
    sizes = [size(x) for x in points]
    scale = sorted(sizes)[len(sizes) // 2] or 1.0
    for (a, _), (b, low), (c, _) in _troughs(list(zip(points, sizes, strict=True))):
        if low == 0 and (size(a) == 0 or size(c) == 0):
            yield from _edge(size, leaf, (a, b) if size(c) == 0 else (c, b))
            continue
        at = _lowest(size, a, c)
        if size(at) < _SMALL * scale and size(at + _STEP) > size(at):
            yield _Zero(leaf, at, at + _STEP, one_sided=False)


def _troughs(
    points: list[tuple[float, float]],
) -> Iterator[tuple[tuple[float, float], tuple[float, float], tuple[float, float]]]:
    """Where a point is not above its neighbours."""
    for a, b, c in zip(points, points[1:], points[2:], strict=False):
        if b[1] <= a[1] and b[1] <= c[1] and (b[1] < a[1] or b[1] < c[1]):
            yield a, b, c


def _points(lies: Range) -> list[float]:
    """Numbers to look at, within a range."""
    if lies.bounded:
        width = lies.high - lies.low
        return [lies.low + width * (i + 0.5) / len(_GRID) for i in range(len(_GRID))]
    if lies.low > -math.inf:
        return [lies.low + 0.013 + 0.201 * i for i in range(len(_GRID))]
    if lies.high < math.inf:
        return [lies.high - 8.03 + 0.199 * i for i in range(len(_GRID))]
    return _GRID


def _lowest(size: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(90):
        a, b = low + (high - low) * 0.4, low + (high - low) * 0.6
        low, high = (low, b) if size(a) < size(b) else (a, high)
    return min((low, (low + high) / 2, high), key=size)


def _edge(size: Callable[[float], float], leaf: Leaf, ends: tuple[float, float]) -> Iterator[_Zero]:
    """Where what is 0 on one side begins."""
    beside, at = ends
    if size(beside) == 0:
        return
    for _ in range(40):
        middle = (at + beside) / 2
        at, beside = (middle, beside) if size(middle) == 0 else (at, middle)
    step = math.copysign(_STEP, beside - at)
    yield _Zero(leaf, at - step / 100, beside + step, one_sided=True)


def _turns(look: Look, numbers: Numbers, zero: _Zero) -> bool:
    """Whether there is another direction on the other side."""
    if zero.one_sided:
        return True
    sides = (look(numbers.at(zero.leaf, zero.at + sign * _STEP)) for sign in (1, -1))
    a, b = map(_direction, sides)
    return any(abs(x - y) > 0.1 for x, y in zip(a, b, strict=True))


def _direction(elements: tuple[float, ...]) -> tuple[float, ...]:
    length = math.sqrt(sum(x * x for x in elements)) or 1.0
    return tuple(x / length for x in elements)


def _movers(look: Look, numbers: Numbers, zero: _Zero) -> Iterator[Value | Distribution]:
    """The leaf, and all others that move the place."""
    yield numbers.standing[zero.leaf[0]]

    def there(moved: Numbers) -> bool:
        at, beside = (max(map(abs, look(moved.at(zero.leaf, x)))) for x in (zero.at, zero.beside))
        return at < _STEP * beside

    for leaf in list(numbers.leaves):
        other = numbers.leaves[leaf] * 1.37 + 0.11
        if leaf != zero.leaf and not there(numbers.at(leaf, other)):
            yield numbers.standing[leaf[0]]
