"""An index made of a sample stays within its dimension, whatever is drawn (LOSS.md §10)."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.catalogue import functions
from storchc.catalogue.functions.fitting import axis
from storchc.diagnostics import ranges as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import (
    Apply,
    Distribution,
    Literal,
    Reference,
    Select,
    StaticChoice,
    Value,
)
from storchc.ir.ranges import Range
from storchc.ir.size import Size
from storchc.ir.walk import children, expressions, walk

_INDEXING = frozenset({"take", "embedding", "one_hot", "scatter", "index_put"})

Index = tuple[Value, Size, bool]
"""An index, the size of what it chooses from, and whether it may count from the end."""


def run(known: Estimation, problems: Problems) -> None:
    """Refuse ``w[k - 1]``, which takes the last element where ``k`` is 0, and ``w[k + 1]``.

    Both sides of a choice are computed: a condition on ``k`` sees to it that the last element is
    not taken for it, but not that there is an element. What is made of several samples is left
    alone: it may never be all that its range allows.
    """
    if not any(map(_indexes, known.graph.parts)):
        return
    for node in known.graph.all_nodes:
        for root in expressions(node):
            for (index, size, ends), guarded in _indices(root, frozenset()):
                chosen = not guarded.isdisjoint(_chain(known, index))
                _check(known, index, size, ends, chosen, problems)


def _check(
    known: Estimation, index: Value, size: Size, ends: bool, chosen: bool, problems: Problems
) -> None:
    lies, count = known.ranges.places[index], size.value
    if count is None or not lies.known or not lies.whole:
        return
    fits = lies.within(Range(0, count - 1))
    if not (fits or (ends and lies.within(Range(-count, -1)))):
        text = known.graph.source.cut(index.span)
        if ends and lies.low >= -count and lies.high < count:
            if not chosen:
                problems.add(words.index_from_the_end(index.span, text, lies, str(size)))
        else:
            problems.add(words.leaving_index(index.span, text, lies, str(size), chosen=chosen))


def _indices(
    value: Value | Distribution, guarded: frozenset[str]
) -> Iterator[tuple[Index, frozenset[str]]]:
    """The indices that are one name, moved by a number, and the names in conditions around."""
    for own in _own(value):
        if _moved(own[0]) is not None:
            yield own, guarded
    condition = _condition(value)
    if condition is not None:
        guarded |= {p.name for p in walk(condition) if isinstance(p, Reference)}
    for part in children(value):
        yield from _indices(part, guarded)


def _indexes(value: Value | Distribution) -> bool:
    return isinstance(value, Select) or (isinstance(value, Apply) and value.function in _INDEXING)


def _own(value: Value | Distribution) -> Iterator[Index]:
    match value:
        case Select(of, items):
            sized = zip(items, of.type.shape, strict=False) if ... not in items else ()
            yield from ((i, size, True) for i, size in sized if isinstance(i, Apply | Reference))
        case Apply("take", (source, index)):
            yield index, source.type.shape[0], True
        case Apply("embedding", (index, table)):
            yield index, table.type.shape[0], False
        case Apply("one_hot", (index,)):
            yield index, value.type.shape[-1], False
        case Apply("scatter", (source, index, _), settings):
            yield index, source.type.shape[axis(settings["dim"], source.type.shape)], False
        case Apply("index_put", (source, Apply("stack", indices), _)):
            bare = map(_unspread, indices)
            yield from ((i, n, True) for i, n in zip(bare, source.type.shape, strict=False))


def _unspread(index: Value) -> Value:
    """An index before it was repeated to meet the others."""
    match index:
        case Apply("broadcast_to", (one,)):
            return one
    return index


def _condition(value: Value | Distribution) -> Value | None:
    if isinstance(value, StaticChoice):
        return value.condition
    at = functions.row(value.function).condition if isinstance(value, Apply) else None
    return value.operands[at] if at is not None and isinstance(value, Apply) else None


def _chain(known: Estimation, index: Value) -> Iterator[str]:
    """The names that an index goes through, the sample last."""
    name, seen = _moved(index), set[str]()
    while name is not None and name not in seen:
        seen.add(name)
        yield name
        node = known.graph.compute_by_name.get(name)
        value = None if node is None else node.value
        name = _moved(value) if isinstance(value, Apply | Reference) else None


def _moved(index: Value) -> str | None:
    """The name in ``k``, ``k + 1``, ``k - 1`` or ``1 - k``."""
    match index:
        case Reference(name):
            return name
        case Apply("add" | "subtract", (Reference(name), Literal())):
            return name
        case Apply("add" | "subtract", (Literal(), Reference(name))):
            return name
    return None
