"""A cost is no part of another: costs are added up by themselves."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.terms import terms
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Reference, SequenceOf, Value


def run(known: Estimation, problems: Problems) -> None:
    """Warn of what is counted twice with the same sign."""
    graph = known.typed
    made = {cost.name: cost for cost in graph.costs if not cost.observed}
    for cost in graph.costs:
        for term in terms(graph, cost.value):
            name = _name(term.value)
            other = made.get(name) if name != cost.name else None
            if other is not None and term.sign > 0 and not isinstance(other.value, Reference):
                problems.add(words.made_of_costs(cost, name, cost.value.span, other.span))


def _name(value: Value) -> str:
    match value:
        case Reference(name) | SequenceOf(Reference(name)):
            return name
    return ""
