"""What a cost comes to on average depends on what is learned."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.terms import key, meant
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Apply, OverPlates, Value
from storchc.ir.graph import Graph
from storchc.ir.types import Plates

_LINEAR = frozenset({"negative", "positive", "sum", "mean"})


def run(known: Estimation, problems: Problems) -> None:
    """Warn of costs that are differences to their own mean over a sample plate."""
    graph = known.typed
    opened = frozenset(s.plate for s in graph.samples)
    for cost in graph.costs:
        plate = _centred(graph, cost.value, opened)
        if plate is not None:
            problems.add(words.constant_expectation(plate, cost.value.span))


def _centred(graph: Graph, value: Value, opened: Plates) -> str | None:
    """The plate over which the mean of ``value`` is 0 for certain."""
    value = meant(graph, value)
    match value:
        case Apply(function, (operand,)) if function in _LINEAR:
            return _centred(graph, operand, opened)
        case Apply("subtract", (left, right)):
            return _difference(graph, left, right, opened)
        case Apply("multiply" | "divide" as function, (left, right)):
            found = _centred(graph, left, opened)
            if found is not None and found not in right.type.plates:
                return found
            if function == "multiply":
                found = _centred(graph, right, opened)
                if found is not None and found not in left.type.plates:
                    return found
    return None


def _difference(graph: Graph, left: Value, right: Value, opened: Plates) -> str | None:
    for value, mean in ((left, right), (right, left)):
        reduced = meant(graph, mean)
        if not isinstance(reduced, OverPlates) or reduced.function != "mean":
            continue
        plates = [plate for plate in reduced.plates if plate in opened]
        alike = key(meant(graph, value)) == key(meant(graph, reduced.value))
        if plates and alike:
            return plates[0]
    return None
