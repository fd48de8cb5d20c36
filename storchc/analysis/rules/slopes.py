"""Whether the derivative of what follows a sample is that of its expectation (LOSS.md §5).

A method that puts a relaxed cost and its slope in the place of one another is right only then: the
slope must not be cut off on the way, nor be the biased one of a later sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.estimators.resolve import Estimator
from storchc.analysis.facts.dependence import Dependence, in_any_step
from storchc.analysis.facts.edges import edges
from storchc.catalogue import distributions
from storchc.diagnostics import draws as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Distribution, Named, Reference, Value
from storchc.ir.graph import Compute, Graph, Loop, Node, Report, Sample
from storchc.ir.walk import expressions, walk
from storchc.source import Span


def check_slopes(
    graph: Graph,
    dependent: Dependence,
    touched: Dependence,
    estimators: Mapping[str, Estimator],
    problems: Problems,
) -> None:
    """Refuse a slope that is not that of the expectation; ``touched`` looks through cuts."""
    touched = in_any_step(touched)
    for node in graph.samples:
        estimator = estimators[node.name]
        if estimator.entry is None or not estimator.entry.relies:
            continue
        costs = {c.name for c in graph.costs if node.name in dependent.costs[c.name]}
        between = [n for n in _leading_to(graph, costs) if touched.moves(n, node.name)]
        later = [n for n in between if isinstance(n, Sample) and n is not node]
        biased = next((s for s in later if not _faithful(s, estimators[s.name])), None)
        cut = next(_cuts(graph, touched, between, node), None)
        if biased is not None:
            problems.add(words.biased_slope(node, estimator, biased, estimators[biased.name]))
        elif cut is not None:
            problems.add(words.cut_slope(node, estimator, cut))


def _leading_to(graph: Graph, costs: set[str]) -> list[Node]:
    """The statements that these costs are made of, the last one first.

    What a loop carries is made of statements of earlier steps, which stand further down.
    """
    wanted, before = set(costs), -1
    while before < len(wanted):
        before, found = len(wanted), list[Node]()
        for node in reversed(graph.all_nodes):
            if isinstance(node, Report) or wanted.isdisjoint(_names(node)):
                continue
            found.append(node)
            parts = (part for root in _roots(node) for part in walk(root))
            wanted |= {part.name for part in parts if isinstance(part, Reference | Named)}
    return found


def _names(node: Node) -> set[str]:
    """What a statement defines; a loop what it carries, from the start."""
    if isinstance(node, Loop):
        return {carried.name for carried in node.carried}
    return set(node.names) if isinstance(node, Compute) else {node.name}


def _roots(node: Node) -> tuple[Value | Distribution, ...]:
    """The expressions of a statement, without the options of methods."""
    return (node.distribution,) if isinstance(node, Sample) else tuple(expressions(node))


def _faithful(node: Sample, estimator: Estimator) -> bool:
    """Whether its gradient is that of what it draws; a relaxation's is, of its own values."""
    entry = estimator.entry
    family = distributions.lookup(node.distribution.type.family)
    if estimator.carrier == "pathwise" and entry is not None:
        discrete = family is not None and family.finite is not None
        straight = estimator.constants.get("straight_through") is True
        return entry.relaxed and not straight if discrete else entry.unbiased
    return estimator.unbiased


def _cuts(graph: Graph, touched: Dependence, nodes: list[Node], sample: Sample) -> Iterator[Span]:
    """Where the slope in ``sample`` is cut off."""
    for root in (root for node in nodes for root in _roots(node)):
        for part in walk(root):
            for edge in edges(part, graph.callees):
                if edge.flow == "cut" and sample.name in touched.expression(edge.operand):
                    yield edge.span
