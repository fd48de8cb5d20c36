"""No cost is the surrogate of a score function, which methods make by themselves."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.terms import meant, terms
from storchc.catalogue import functions
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Apply, LogProb, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Cost, Sample


def run(known: Estimation, problems: Problems) -> None:
    """Warn of a draw's log-probability times what depends on it, in a cost that credits it."""
    graph = known.graph
    for cost in graph.costs:
        for term in terms(graph, cost.value):
            product = meant(graph, term.value)
            if isinstance(product, Apply) and product.function in ("multiply", "divide"):
                _look(known, cost, product, problems)


def _look(known: Estimation, cost: Cost, product: Apply, problems: Problems) -> None:
    for factor, other in (product.operands, product.operands[::-1]):
        node = _scored(known.graph, factor)
        if node is None or node.name not in known.dependence.costs[cost.name]:
            continue
        if node.name in known.touched.places[other]:
            problems.add(words.surrogate_by_hand(node, product.span))


def _scored(graph: Graph, value: Value) -> Sample | None:
    """The sample whose own log-probability this is, cut or not, with a sign or without."""
    value = _bare(graph, value)
    if not isinstance(value, LogProb):
        return None
    sample = graph.drawn(_bare(graph, value.value))
    same = sample is not None and graph.same_law(value.distribution, sample.distribution)
    return sample if same else None


def _bare(graph: Graph, value: Value) -> Value:
    """Without signs, sums and cuts around it."""
    value = meant(graph, value)
    while isinstance(value, Apply) and len(value.operands) == 1:
        plain = value.function in ("negative", "positive", "sum")
        if not plain and not functions.row(value.function).cut:
            break
        value = meant(graph, value.operands[0])
    return value
