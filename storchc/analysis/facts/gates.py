"""Probabilities that a factor on a lattice makes 0, whatever learns: their score is 0 there."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.facts.numbers import named
from storchc.analysis.facts.ranges import Ranges
from storchc.ir.expression import Apply, Distribution, Literal, Value
from storchc.ir.graph import Graph
from storchc.ir.ranges import ANYTHING, TRUTH


def beside_gates(graph: Graph, ranges: Ranges, value: Value) -> tuple[Value, ...] | None:
    """The factors of a product beside those that are 0 or 1; None where none is."""
    factors = tuple(_factors(graph, value))
    others = tuple(f for f in factors if not _is_gate(ranges, f))
    return None if len(factors) == len(others) else others


def _factors(graph: Graph, value: Value) -> Iterator[Value]:
    match _meant(graph, value):
        case Apply("multiply", (a, b)):
            yield from _factors(graph, a)
            yield from _factors(graph, b)
        case _:
            if not isinstance(value, Literal):
                yield value


def _meant(graph: Graph, value: Value) -> Value | Distribution:
    made = named(graph, value)
    while made is not None:
        value, made = made, named(graph, made)
    return value


def _is_gate(ranges: Ranges, value: Value) -> bool:
    found = ranges.places.get(value, ANYTHING)
    return found.number is None and found.has_zero and found.within(TRUTH)
