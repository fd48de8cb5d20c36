"""Numbers for expressions: what a story makes of a few of them is looked at, not derived.

What is made of others is computed, all else is a leaf: a number of its own.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import accumulate, product
from random import Random
from types import EllipsisType

from storchc.catalogue import functions
from storchc.catalogue.function import Function
from storchc.catalogue.functions import moves
from storchc.catalogue.functions.fitting import axis
from storchc.ir.expression import (
    Apply,
    Construct,
    Distribution,
    Literal,
    Named,
    Range,
    Reference,
    Select,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.ranges import ANYTHING, exactly
from storchc.ir.ranges import Range as Lies
from storchc.ir.size import Shape, Size
from storchc.ir.types import DistributionType
from storchc.ir.walk import children
from storchc.records import dataclass

Place = tuple[int, ...]
"""That of an element, by event dimension."""

Leaf = tuple[Hashable, Place]
"""What a leaf says, and which element of it this is."""

Found = list[float]
"""The numbers of an element, one for each that the moved leaf takes."""


@dataclass(slots=True)
class Numbers:
    """Numbers for the expressions of a story, single elements of them at a time.

    Leaves are positive, since roots and logarithms want them so; ``below``: of either sign.
    ``names`` is how many names deep a story is read. Dimensions have as many elements as they say,
    but three where nobody knows or where they have more than ``most``; without that every value has
    one element, and what is made of several is a leaf. ``lie``: where expressions are known to lie,
    so that leaves lie there too. One leaf, ``moved``, takes all of some numbers in turn.

    Functions are taken for what their rows say of them: of elements by themselves what is folded,
    or where the result lies if that is one number; of several a sum or a product of them, with
    factors of no meaning where the row does not say which (``loose``). ``standing`` are the
    expressions of leaves, ``unseen`` the functions that were taken for one.
    """

    graph: Graph
    random: Random
    names: int
    below: bool = False
    most: int = 0
    lie: Callable[[Value | Distribution], Lies] = lambda value: ANYTHING
    leaves: dict[Leaf, float] = field(default_factory=dict)
    moved: Leaf | None = None
    points: Found = field(default_factory=lambda: [0.0])
    keys: dict[int, Hashable] = field(default_factory=dict)
    longer: dict[int, Value | None] = field(default_factory=dict)
    factors: dict[Hashable, float] = field(default_factory=dict)
    standing: dict[Hashable, Value | Distribution] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
    known: dict[tuple[Hashable, Place], Found] = field(default_factory=dict)

    def at(self, leaf: Leaf, number: float) -> Numbers:
        """The same with another number for a leaf."""
        return replace(self, leaves={**self.leaves, leaf: number}, known={})

    def along(self, leaf: Leaf, points: Found) -> Numbers:
        """The same with several numbers for a leaf."""
        return replace(self, moved=leaf, points=points, known={})

    def of(self, value: Value | Distribution) -> float:
        """The number of an expression."""
        return self.all(value)[0]

    def all(self, value: Value | Distribution, at: Place = ()) -> Found:
        """The numbers of an element of an expression."""
        match value:
            case Literal(number):
                return [float(number)] * len(self.points)
            case Reference(name):
                return self._of_name(name, value, at)
            case Apply() | Select() if (found := self._made(value, at)) is not None:
                return found
        if id(value) not in self.keys:
            self.keys[id(value)] = said(value)
        return self._leaf(self.keys[id(value)], value, at)

    def size(self, size: Size) -> int:
        """How many elements a dimension has."""
        known = size.value
        return min(self.most, _FEW) if known is None or known > self.most else max(known, 1)

    def places(self, shape: Shape) -> Iterator[Place]:
        """Those of all elements."""
        return product(*(range(self.size(size)) for size in shape))

    # --- what is made of others ------------------------------------------------------------------

    def _made(self, value: Apply | Select, at: Place) -> Found | None:
        if not at:
            return self._applied(value, at) if isinstance(value, Apply) else self._picked(value, at)
        key = (id(value), at)
        if key not in self.known:
            make = self._applied if isinstance(value, Apply) else self._picked
            found = make(value, at)  # type: ignore[arg-type]
            if found is None:
                return None
            self.known[key] = found
        return self.known[key]

    def _applied(self, value: Apply, at: Place) -> Found | None:
        row = functions.row(value.function)
        if row.cut or value.function in _THE_SAME:
            return self._part(value.operands[0], at)
        if value.function in _WRITTEN and self.most:
            return [_WRITTEN[value.function](value, at)] * len(self.points)
        if value.function in _KEPT and self.most:
            kept = _KEPT[value.function](at[-1] - at[-2], _setting(value, "diagonal"))
            return self._part(value.operands[0], at) if kept else [0.0] * len(self.points)
        if row.algebra.moves is moves.elementwise:
            found = self._by_themselves(value, row, at)
        else:
            found = self._of_several(value, row, at) if self.most else None
        if found is None:
            self.unseen.add(value.function)
        return found

    def _part(self, operand: Value, at: Place) -> Found:
        """The element of an operand that broadcasts."""
        shape = operand.type.shape if self.most else ()
        own = at[len(at) - len(shape) :]
        return self.all(
            operand, tuple(0 if s.broadcasts else i for i, s in zip(own, shape, strict=True))
        )

    def _by_themselves(self, value: Apply, row: Function, at: Place) -> Found | None:
        parts = [self._part(operand, at) for operand in value.operands]
        points = zip(*parts, strict=True) if parts else [()] * len(self.points)
        if row.fold is not None and not value.settings:
            return [float(row.fold(*numbers)) for numbers in points]
        found = []
        for numbers in points:
            number = _number(value, row, numbers)
            if number is None:
                return None
            found.append(number)
        return found

    def _of_several(self, value: Apply, row: Function, at: Place) -> Found | None:
        longer = self._longer(value, row)
        if longer is not None:
            return self.all(longer, at)
        if value.function in _JOINED:
            return self._joined(value, at)
        if value.function in _RESHAPED:
            return self._reshaped(value, at)
        boxes = [self._box(value, row, i, at) for i in range(len(value.operands))]
        if math.prod(map(len, boxes)) > _LARGEST:
            return None
        if value.function in _TOTALS:
            total = _TOTALS[value.function]
            return [total(value, n) for n in zip(*self._elements(value, boxes, 0), strict=True)]
        if value.function in _LISTS:
            make = _LISTS[value.function]
            place = at[axis(value.settings["dim"], value.operands[0].type.shape)]
            every = zip(*self._elements(value, boxes, 0), strict=True)
            return [make(value, numbers)[place] for numbers in every]
        return self._linear(value, row, boxes, at)

    def _longer(self, value: Apply, row: Function) -> Value | None:
        """The same written as other functions."""
        if id(value) not in self.longer:
            rules = (row.algebra.parts, row.algebra.terms)
            forms = (rule(value) for rule in rules if rule is not None)
            self.longer[id(value)] = next((form for form in forms if form is not None), None)
        return self.longer[id(value)]

    def _box(self, value: Apply, row: Function, position: int, at: Place) -> list[Place]:
        """The elements of an operand that an element is made of."""
        shape, move = value.operands[position].type.shape, row.algebra.moves(value, position)
        sides: list[Iterable[int]] = []
        for dim, size in zip(range(-len(shape), 0), shape, strict=True):
            to = move(dim)
            if to is None:
                sides.append(range(self.size(size)))
            else:
                sides.append((0 if size.broadcasts else at[to] % self.size(size),))
        return list(product(*sides))

    def _elements(self, value: Apply, boxes: list[list[Place]], position: int) -> list[Found]:
        return [self.all(value.operands[position], place) for place in boxes[position]]

    def _linear(
        self, value: Apply, row: Function, boxes: list[list[Place]], at: Place
    ) -> Found | None:
        """The sum over products of operands in which it is linear, or over all elements of them."""
        sets = row.algebra.linear(value)
        if not sets:
            return None
        if value.function not in _MOVED:
            self.loose.add(value.function)
        whole = len(self.points)
        if len(sets) == 1:
            terms = [
                [self._factor(value, at, i, place) * x for x in self.all(value.operands[i], place)]
                for i in sorted(next(iter(sets)))
                for place in boxes[i]
            ]
            return [sum(numbers) for numbers in zip(*terms, strict=True)] if terms else None
        total = [0.0] * whole
        for places in product(*boxes):
            factor = self._factor(value, at, -1, *places)
            pairs = zip(value.operands, places, strict=True)
            parts = [self.all(operand, place) for operand, place in pairs]
            total = [t + factor * math.prod(ns) for t, *ns in zip(total, *parts, strict=True)]
        return total

    def _factor(self, value: Apply, at: Place, position: int, *places: Place) -> float:
        if value.function not in self.loose:
            return 1.0
        key = (id(value), at, position, places)
        if key not in self.factors:
            self.factors[key] = self.random.choice((-1, 1)) * self.random.uniform(0.5, 1.5)
        return self.factors[key]

    def _joined(self, value: Apply, at: Place) -> Found:
        """An element of the one of its operands in which it stands."""
        operands = value.operands
        if value.function == "stack":
            along = axis(value.settings["dim"], operands[0].type.shape, extra=1) + len(at)
            return self.all(operands[at[along]], at[:along] + at[along + 1 :])
        dim = axis(value.settings["dim"], operands[0].type.shape)
        place, along = at[dim], dim + len(at)
        for operand in operands:
            size = self.size(operand.type.shape[dim])
            if place < size:
                break
            place -= size
        place = min(place, size - 1)
        return self.all(operand, (*at[:along], place, *at[along + 1 :]))

    def _reshaped(self, value: Apply, at: Place) -> Found:
        """The element that is as far from the first."""
        (operand,) = value.operands
        far = 0
        for place, size in zip(at, value.type.shape, strict=True):
            far = far * self.size(size) + place
        own: list[int] = []
        for size in reversed(operand.type.shape):
            far, place = divmod(far, self.size(size))
            own.append(place)
        return self.all(operand, tuple(reversed(own)))

    def _picked(self, value: Select, at: Place) -> Found | None:
        """The element of what is looked into; of an index that is no number the first."""
        if not self.most:
            self.unseen.add("[…]")
            return None
        shape, left = value.value.type.shape, list(at)
        gap = len(shape) + 1 - len(value.items)
        items: list[int | Range | Value] = []
        for each in value.items:
            items += [_FULL] * gap if isinstance(each, EllipsisType) else [each]
        items += [_FULL] * (len(shape) - len(items))
        own = []
        for item, size in zip(items, shape, strict=True):
            match item:
                case int():
                    place = item
                case Range():
                    first = 0 if item.start is None else item.start.value or 0
                    place = first + left.pop(0) * (item.step or 1)
                case _:
                    place = int(item.value) if isinstance(item, Literal) else 0
                    del left[: item.type.rank]
            own.append(place % self.size(size))
        return self.all(value.value, tuple(own))

    # --- names and leaves ------------------------------------------------------------------------

    def _of_name(self, name: str, value: Reference, at: Place) -> Found:
        made = named(self.graph, value) if self.names else None
        if made is None:
            return self._leaf(name, value, at)
        if (name, at) not in self.known:
            self.names -= 1
            self.known[name, at] = self.all(made, at)
            self.names += 1
        return self.known[name, at]

    def _leaf(self, key: Hashable, value: Value | Distribution, at: Place) -> Found:
        if not isinstance(value.type, DistributionType):
            shape = value.type.shape
            pairs = zip(at, shape, strict=False)
            at = tuple(0 if size.broadcasts else place for place, size in pairs)
        leaf = (key, at)
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


def _number(value: Apply, row: Function, numbers: tuple[float, ...]) -> float | None:
    """What a function makes of numbers, if its row knows."""
    if not all(map(math.isfinite, numbers)):
        return math.nan
    return row.range(value, tuple(map(exactly, numbers))).number


def named(graph: Graph, value: Value | Distribution) -> Value | None:
    """The value that a name stands for, if one computes it."""
    if not isinstance(value, Reference) or value.name in graph.carried:
        return None
    node = graph.compute_by_name.get(value.name)
    if node is None or len(node.names) != 1 or isinstance(node.value, Construct | Named):
        return None
    return node.value


_FEW = 3
_LARGEST = 200  # products that an element is made of
_FULL = Range(None, None, None)
_THE_SAME = frozenset({"continuous", "float", "broadcast_to"})
_JOINED = frozenset({"stack", "concat"})
_RESHAPED = frozenset({"reshape", "flatten"})
_MOVED = frozenset({"transpose", "permute", "squeeze", "unsqueeze", "diagonal", "outer"})


def _setting(value: Apply, name: str) -> float:
    found = value.settings[name]
    if isinstance(found, Size):
        found = found.value or 0
    assert isinstance(found, int | float)
    return float(found)


# --- functions whose rows do not say what number they make --------------------------------------


def _item(value: Apply, at: Place) -> float:
    found: object = value.settings["data"]
    for place in at:
        assert isinstance(found, Sequence)
        found = found[min(place, len(found) - 1)]
    assert isinstance(found, int | float)
    return float(found)


def _counted(value: Apply, at: Place) -> float:
    first = 0.0 if value.settings["end"] is None else _setting(value, "start")
    return first + at[0] * _setting(value, "step")


def _spaced(value: Apply, at: Place) -> float:
    first, last = _setting(value, "start"), _setting(value, "end")
    return first + (last - first) * at[0] / max(_setting(value, "steps") - 1, 1)


_WRITTEN: Mapping[str, Callable[[Apply, Place], float]] = {
    "tensor": _item,
    "arange": _counted,
    "linspace": _spaced,
    "eye": lambda value, at: float(at[-1] == at[-2]),
}
"""Numbers by their places."""

_KEPT: Mapping[str, Callable[[float, float], bool]] = {"tril": operator.le, "triu": operator.ge}
"""Parts of matrices that stay, by how far they are from the diagonal."""

_HUGE = 1e60


def _length(value: Apply, numbers: tuple[float, ...]) -> float:
    order = _setting(value, "p")
    sizes = [abs(x) for x in numbers]
    if math.isinf(order) or order <= 0:
        return max(sizes)
    return math.inf if max(sizes) > _HUGE else float(sum(x**order for x in sizes) ** (1 / order))


def _variance(value: Apply, numbers: tuple[float, ...]) -> float:
    mean, count = sum(numbers) / len(numbers), len(numbers) - _setting(value, "correction")
    if count <= 0 or max(map(abs, numbers)) > _HUGE:
        return math.inf
    return sum((x - mean) ** 2 for x in numbers) / count


def _quantile(value: Apply, numbers: tuple[float, ...]) -> float:
    q = _setting(value, "q")
    ordered, place = sorted(numbers), q * (len(numbers) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low if low == high else low + (high - low) * (place - math.floor(place))


def _mean(value: Apply, numbers: tuple[float, ...]) -> float:
    return sum(numbers) / len(numbers)


_TOTALS: Mapping[str, Callable[[Apply, tuple[float, ...]], float]] = {
    **dict.fromkeys(("sum", "nansum"), lambda value, numbers: sum(numbers)),
    **dict.fromkeys(("mean", "nanmean"), _mean),
    "max": lambda value, numbers: max(numbers),
    "min": lambda value, numbers: min(numbers),
    "prod": lambda value, numbers: math.prod(numbers),
    "norm": _length,
    "var": _variance,
    "std": lambda value, numbers: math.sqrt(_variance(value, numbers)),
    "median": lambda value, numbers: sorted(numbers)[(len(numbers) - 1) // 2],
    "quantile": _quantile,
}
"""Reductions."""

_LISTS: Mapping[str, Callable[[Apply, tuple[float, ...]], Sequence[float]]] = {
    "sort": lambda value, numbers: sorted(numbers, reverse=bool(value.settings["descending"])),
    "topk": lambda value, numbers: sorted(numbers, reverse=bool(value.settings["largest"])),
    "cumsum": lambda value, numbers: list(accumulate(numbers)),
    "cummax": lambda value, numbers: list(accumulate(numbers, max)),
    "cummin": lambda value, numbers: list(accumulate(numbers, min)),
    "cumprod": lambda value, numbers: list(accumulate(numbers, operator.mul)),
}
"""Functions along a dimension that may be 0 where something in them is."""


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
