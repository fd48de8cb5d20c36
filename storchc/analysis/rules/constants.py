"""What a cost comes to on average depends on what is learned."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.terms import meant
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.alike import key
from storchc.ir.expression import Apply, OverPlates, Value
from storchc.ir.graph import Graph

_LINEAR = frozenset({"negative", "positive", "sum", "mean"})
_MOST = 16
"""How many parts of a cost are looked at."""
_DEEPEST = 8
"""How deep a factor is looked for: of products of products there are as many as 2 to that."""


def run(known: Estimation, problems: Problems) -> None:
    """Warn of what is paid and is the difference to its own mean over a plate."""
    graph = known.typed
    for cost in graph.costs:
        for plates, value in islice(_constant(graph, cost.value), _MOST):
            drawn = next((plate for plate in plates if graph.along(plate)), None)
            problems.add(words.constant_expectation(drawn or plates[0], value.span, drawn is None))


def _constant(graph: Graph, whole: Value) -> Iterator[tuple[tuple[str, ...], Value]]:
    """The summands of a cost whose mean over some plates is 0 for certain."""
    left = [whole]
    for _ in range(_MOST):
        if not left:
            return
        value = left.pop()
        plates = _centred(graph, value)
        if plates:
            yield plates, value
            continue
        match meant(graph, value):
            case Apply("add" | "subtract", (first, second)):
                left += (second, first)
            case Apply(function, (operand,)) if function in _LINEAR:
                left.append(operand)


def _centred(graph: Graph, value: Value, depth: int = 0) -> tuple[str, ...]:
    """The plates over which the mean of ``value`` is 0 for certain."""
    if depth > _DEEPEST:
        return ()
    value = meant(graph, value)
    match value:
        case Apply(function, (operand,)) if function in _LINEAR:
            return _centred(graph, operand, depth + 1)
        case Apply("subtract", (left, right)):
            return _difference(graph, left, right)
        case Apply("multiply" | "divide" as function, (left, right)):
            found = _centred(graph, left, depth + 1)
            if not found and function == "multiply":
                left, right = right, left
                found = _centred(graph, left, depth + 1)
            return found if right.type.plates.isdisjoint(found) else ()
    return ()


def _difference(graph: Graph, left: Value, right: Value) -> tuple[str, ...]:
    for value, mean in ((left, right), (right, left)):
        reduced = meant(graph, mean)
        if not isinstance(reduced, OverPlates) or reduced.function != "mean":
            continue
        if key(meant(graph, value)) == key(meant(graph, reduced.value)):
            return tuple(plate for plate in reduced.plates if plate in value.type.plates)
    return ()
