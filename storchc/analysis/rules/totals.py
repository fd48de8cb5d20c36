"""A cost is no part of another: costs are added up by themselves."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.terms import meant, terms
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Distribution, Reference, SequenceOf, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Cost


def run(known: Estimation, problems: Problems) -> None:
    """Warn of what is counted twice with the same sign."""
    graph = known.typed
    made = {cost.name: cost for cost in graph.costs if not cost.observed}
    for cost in graph.costs:
        for term in terms(graph, _stated(graph, cost), made):
            name = _name(meant(graph, term.value, made))
            if name in made and name != cost.name and term.sign > 0:
                problems.add(words.made_of_costs(cost, name, cost.value.span, made[name].span))


def _stated(graph: Graph, cost: Cost) -> Value:
    """What a cost is made of, also where a `compute` of its name says it."""
    own = isinstance(cost.value, Reference) and cost.value.name == cost.name
    made = graph.compute_by_name.get(cost.name) if own else None
    return cost.value if made is None or isinstance(made.value, Distribution) else made.value


def _name(value: Value) -> str:
    match value:
        case Reference(name) | SequenceOf(Reference(name)):
            return name
    return ""
