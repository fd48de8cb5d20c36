"""How a value depends on the factors of an enumerated sample, the elements of its batch event.

A value is *free* of the sample, *apart* (each of its elements is made of few factors, any function
of them), or a *mean* already: its expectation has been taken, and only what is linear may follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from math import prod
from typing import Literal

from storchc.catalogue import functions
from storchc.catalogue.functions.moves import elementwise
from storchc.ir.expression import Apply
from storchc.records import dataclass
from storchc.source import Span

Items = tuple[int | range, ...]
"""The factors that are meant: an index, or a range of them, for each batch dimension."""


@dataclass(frozen=True, slots=True)
class Part:
    """One factor for each element: ``dims`` are the event dimensions that the ranges run along."""

    items: Items
    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """A value each of whose elements is made of one factor of every part, never of one twice."""

    parts: tuple[Part, ...]

    @property
    def dims(self) -> frozenset[int]:
        """The event dimensions, counted from the end, along which the factors differ."""
        return frozenset(dim for part in self.parts for dim in part.dims)

    @property
    def factors(self) -> frozenset[Items]:
        """The factors that are evaluated together, wherever they stand in the event."""
        return frozenset(part.items for part in self.parts)

    def configurations(self, outcomes: int) -> int:
        """How many combinations of outcomes are evaluated, over all elements."""
        sizes: dict[int, int] = {}
        for part in self.parts:
            sizes |= zip(part.dims, map(len, _ranges(part)), strict=True)
        return int(outcomes ** len(self.parts)) * prod(sizes.values())


Kind = Apart | Literal["free", "mean"]


@dataclass(frozen=True, slots=True)
class Joined:
    """Where factors are joined, in words: the joint support is needed."""

    span: Span
    words: str


class JoinedError(Exception):
    """Raised where factors are joined."""

    def __init__(self, span: Span, words: str) -> None:
        super().__init__(words)
        self.joined = Joined(span, words)


def whole(sizes: Iterable[int], own: int) -> Apart:
    """The sample itself: ``sizes`` of its batch event, in front of ``own`` dimensions a factor."""
    items = tuple(range(size) for size in sizes)
    return Apart((Part(items, tuple(range(-len(items) - own, -own))),))


def merged(values: Iterable[Apart]) -> Apart | None:
    """What elements of all these values together are made of; None where factors may coincide."""
    parts: dict[Items, Part] = {}
    for part in (p for value in values for p in value.parts):
        if parts.setdefault(part.items, part) != part:
            return None
    distinct = all(_distinct(a, b) for a, b in combinations(parts.values(), 2))
    return Apart(tuple(parts.values())) if distinct else None


def moved(value: Apart, move: Callable[[int], int | None]) -> Apart | None:
    """The same with every dimension moved; None where one is gone or they change their order."""
    parts = []
    for part in value.parts:
        dims = [move(dim) for dim in part.dims]
        places = tuple(dim for dim in dims if dim is not None)
        if len(places) < len(dims) or list(places) != sorted(set(places)):
            return None
        parts.append(Part(part.items, places))
    return Apart(tuple(parts))


def kept(value: Apply, kinds: Sequence[Kind]) -> Apart | None:
    """What the elements of the result are made of, as its row says; None where factors are joined.

    Where a linear function puts elements side by side that are made of different factors, their
    expectations will do as well: fewer factors are evaluated together.
    """
    row = functions.row(value.function)
    apart = {i: kind for i, kind in enumerate(kinds) if isinstance(kind, Apart)}
    if row.cut or "mean" in kinds:
        return None
    results = [moved(kind, row.algebra.moves(value, i)) for i, kind in apart.items()]
    known = [result for result in results if result is not None]
    together = merged(known) if len(known) == len(results) else None
    if together is None or row.algebra.moves is elementwise:
        return together
    largest = max(len(kind.parts) for kind in apart.values())
    grows = len(together.parts) > largest and row.linear_in(value, apart)
    return None if grows else together


def _ranges(part: Part) -> list[range]:
    return [item for item in part.items if isinstance(item, range)]


def _distinct(a: Part, b: Part) -> bool:
    """Whether no element is made of the same factor twice."""
    places = zip(a.items, _places(a), b.items, _places(b), strict=True)
    return any(_never_meet(x, at, y, there) for x, at, y, there in places)


def _places(part: Part) -> list[int | None]:
    dims = iter(part.dims)
    return [next(dims) if isinstance(item, range) else None for item in part.items]


def _never_meet(x: int | range, at: int | None, y: int | range, there: int | None) -> bool:
    first, second = (item if isinstance(item, range) else (item,) for item in (x, y))
    if at == there and at is not None and len(first) == len(second):
        return all(i != j for i, j in zip(first, second, strict=True))
    return set(first).isdisjoint(second)
