"""Indexing values that depend on factors apart: which factors are left, and where they stand."""

from __future__ import annotations

from types import EllipsisType

from storchc.analysis.rewrite.separation.factors import Apart, Part
from storchc.ir.expression import Literal, Range, Select, SelectItem, Value

Item = int | Range | Value


def spelled(value: Select) -> list[Item]:
    """One item for every event dimension of what is indexed."""
    given = [item for item in value.items if not isinstance(item, EllipsisType)]
    full = [Range(None, None, None)] * (value.value.type.rank - len(given))
    at = next((n for n, i in enumerate(value.items) if isinstance(i, EllipsisType)), len(given))
    return [_number(item) for item in (*given[:at], *full, *given[at:])]


def _number(item: SelectItem) -> Item:
    assert not isinstance(item, EllipsisType)
    return int(item.value) if isinstance(item, Literal) else item


def indexed(index: Apart, value: Select) -> Apart:
    """What the elements of ``free[index]`` are made of, with an index that depends on factors."""
    items = spelled(value)
    (at,) = (i for i, item in enumerate(items) if not isinstance(item, int | Range))
    behind = sum(isinstance(item, Range) for item in items[at + 1 :])
    parts = (Part(p.items, tuple(dim - behind for dim in p.dims)) for p in index.parts)
    return Apart(tuple(parts))


def selected(kind: Apart, value: Select) -> Apart | None:
    """What the elements of ``value`` are made of; None where factors are picked at run time."""
    items = spelled(value)
    parts = [_selected(part, items) for part in kind.parts]
    known = [part for part in parts if part is not None]
    return Apart(tuple(known)) if len(known) == len(parts) else None


def _selected(part: Part, items: list[Item]) -> Part | None:
    dims = iter(part.dims)
    factors: list[int | range] = []
    places: list[int] = []
    for factor in part.items:
        dim = None if isinstance(factor, int) else next(dims)
        chosen = factor if dim is None else _chosen(factor, items[dim])
        if chosen is None:
            return None
        factors.append(chosen)
        if dim is not None and isinstance(chosen, range):
            places.append(_place(items, dim))
    return Part(tuple(factors), tuple(places))


def _chosen(factor: int | range, item: Item) -> int | range | None:
    """The factors that an item leaves; a single one may have been repeated by broadcasting."""
    match factor, item:
        case range(), int():
            return factor[0] if len(factor) == 1 else factor[item]
        case range(), Range(start, stop, step):
            if any(size is not None and size.value is None for size in (start, stop)):
                return None
            first, last = (None if size is None else size.value for size in (start, stop))
            return factor if len(factor) == 1 else factor[first:last:step]
        case _:
            return None


def _place(items: list[Item], dim: int) -> int:
    """Where the dimension stands in the result, counted from the end."""
    behind = items[len(items) + dim + 1 :]
    return -1 - sum(_rank(item) for item in behind)


def _rank(item: Item) -> int:
    match item:
        case int():
            return 0
        case Range():
            return 1
        case _:
            return item.type.rank
