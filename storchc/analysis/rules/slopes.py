"""The derivative of what is downstream of a sample is that of its expectation (LOSS.md §5).

A method that puts a relaxed cost and its slope in the place of one another is right only then: the
slope must not be cut off on the way, nor be the biased one of a later sample.
"""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.dataflow import Statement
from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.edges import edges
from storchc.analysis.facts.leading import leading_to, roots
from storchc.catalogue import distributions
from storchc.diagnostics import draws as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Sample
from storchc.ir.walk import walk
from storchc.source import Span


def run(known: Estimation, problems: Problems) -> None:
    """Refuse a slope that is not that of the expectation."""
    for node in known.graph.samples:
        entry = known.estimators[node.name].entry
        if entry is not None and entry.relies:
            _check(known, node, problems)


def _check(known: Estimation, node: Sample, problems: Problems) -> None:
    graph, estimators, touched = known.graph, known.estimators, known.touched
    estimator = estimators[node.name]
    costs = {c.name for c in graph.costs if node.name in known.dependence.costs[c.name]}
    between = [n for n in leading_to(known.flow, costs) if _moves(touched, n, node.name)]
    later = [n for n in between if isinstance(n, Sample) and n is not node]
    biased = next((s for s in later if not _faithful(s, estimators[s.name])), None)
    cut = next(_cuts(graph, touched, between, node), None)
    if biased is not None:
        problems.add(words.biased_slope(node, estimator, biased, estimators[biased.name]))
    elif cut is not None:
        problems.add(words.cut_slope(node, estimator, cut))


def _moves(touched: Dependence, node: Statement | Carried, sample: str) -> bool:
    if isinstance(node, Carried):
        return sample in touched.places[node.initial]
    return touched.moves(node, sample)


def _faithful(node: Sample, estimator: Estimator) -> bool:
    """Whether its gradient is that of what it draws; a relaxation's is, of its own values."""
    entry = estimator.entry
    family = distributions.lookup(node.distribution.type.family)
    if estimator.carrier == "pathwise" and entry is not None:
        discrete = family is not None and family.finite is not None
        straight = estimator.constants.get("straight_through") is True
        return entry.relaxed and not straight if discrete else entry.unbiased
    return estimator.unbiased


def _cuts(
    graph: Graph, touched: Dependence, nodes: list[Statement | Carried], sample: Sample
) -> Iterator[Span]:
    """Where the slope in ``sample`` is cut off."""
    for root in (root for node in nodes for root in roots(node)):
        for part in walk(root):
            for edge in edges(part, graph.callees):
                if edge.flow == "cut" and sample.name in touched.places[edge.operand]:
                    yield edge.span
