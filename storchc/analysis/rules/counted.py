"""An index made of a loop's counter stays within its dimension, in every step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.estimation import Estimation
from storchc.catalogue import functions
from storchc.diagnostics import shapes as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import (
    Apply,
    Counter,
    Distribution,
    Literal,
    Select,
    SelectItem,
    StaticChoice,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.nodes import Loop, Node
from storchc.ir.size import Size, subtract
from storchc.ir.walk import children, expressions, walk

Bounds = Mapping[str, Size | None]
"""The steps of the loops around, by their counters; None where a loop may end before its last."""


def run(known: Estimation, problems: Problems) -> None:
    """Refuse ``x[t - 1]``, which would count from the end in the first step, and ``x[t + 1]``.

    What a condition on a counter chooses between is left alone.
    """
    if known.graph.loops:
        _check(known.graph, known.graph.nodes, {}, problems)


def _check(graph: Graph, nodes: tuple[Node, ...], bounds: Bounds, problems: Problems) -> None:
    for node in nodes:
        for root in expressions(node):
            for select in _evaluated(root):
                _check_items(graph, select, bounds, problems)
        if isinstance(node, Loop):
            bound = node.bound if node.alive is None else None
            _check(graph, node.body, {**bounds, node.counter: bound}, problems)


def _evaluated(value: Value | Distribution) -> Iterator[Select]:
    """The indexed values that every step evaluates and uses."""
    if isinstance(value, Select):
        yield value
    for part in () if _chooses(value) else children(value):
        yield from _evaluated(part)


def _chooses(value: Value | Distribution) -> bool:
    if isinstance(value, StaticChoice):
        return True
    at = functions.row(value.function).condition if isinstance(value, Apply) else None
    return at is not None and any(isinstance(p, Counter) for p in walk(children(value)[at]))


def _check_items(graph: Graph, select: Select, bounds: Bounds, problems: Problems) -> None:
    for item, size in zip(select.items, select.value.type.shape, strict=False):
        counted = _counted(item)
        if counted is None or counted[0].name not in bounds:
            continue
        counter, offset = counted
        bound = bounds[counter.name]
        beyond = None if bound is None else subtract(bound, size).value
        late = beyond is not None and beyond + offset > 0
        if offset < 0 or late:
            assert isinstance(item, Apply | Counter)
            text = graph.source.cut(item.span)
            told = item.span, text, str(size)
            first = f"{counter.name} >= {-offset}" if offset < 0 else ""
            problems.add(words.index_out_of_range_in_step(*told, first))


def _counted(item: SelectItem) -> tuple[Counter, int] | None:
    """``t``, ``t + k`` or ``t - k``."""
    match item:
        case Counter():
            return item, 0
        case Apply("add", (Counter() as counter, Literal(int(offset)))):
            return counter, offset
        case Apply("add", (Literal(int(offset)), Counter() as counter)):
            return counter, offset
        case Apply("subtract", (Counter() as counter, Literal(int(offset)))):
            return counter, -offset
    return None
