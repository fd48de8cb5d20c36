"""Costs that see a sample of a loop both behind a `stop_gradient` and without one.

Which of its steps a cost credits could then differ from step to step, and the probabilities of
enumerated sequences carry the gradient of all steps or of none.
"""

from __future__ import annotations

from storchc.analysis.facts.dependence import Dependence
from storchc.catalogue import functions
from storchc.ir.expression import Apply, Distribution, Named, Reference, Value
from storchc.ir.graph import Compute, Cost, Graph, Loop, Node, Sample
from storchc.ir.walk import expressions, walk
from storchc.source import Span


def partial_cut(
    graph: Graph, sample: str, credited: Dependence, touched: Dependence
) -> Span | None:
    """A `stop_gradient` behind which a cost sees ``sample`` that credits it all the same."""
    if not credited.met_cut:
        return None
    cuts: dict[str, Span] = {}
    before = -1
    while before < len(cuts):
        before = len(cuts)
        _spread(graph.nodes, sample, touched, cuts)
    for cost in graph.costs:
        found = _cut(cost.value, sample, touched, cuts)
        if found is not None and sample in credited.costs[cost.name]:
            return found
    return None


def _spread(
    nodes: tuple[Node, ...], sample: str, touched: Dependence, cuts: dict[str, Span]
) -> None:
    """Add the names of what is made of the sample behind a cut."""
    for node in nodes:
        found = [c for v in expressions(node) if (c := _cut(v, sample, touched, cuts)) is not None]
        match node:
            case Compute(names) if found:
                cuts |= dict.fromkeys(names, found[0])
            case Sample(name=name) | Cost(name=name, observed=False) if found:
                cuts[name] = found[0]
            case Loop():
                for carried in node.carried:
                    start = _cut(carried.initial, sample, touched, cuts)
                    if start is not None:
                        cuts[carried.name] = start
                _spread(node.body, sample, touched, cuts)


def _cut(
    value: Value | Distribution, sample: str, touched: Dependence, cuts: dict[str, Span]
) -> Span | None:
    for part in walk(value):
        if isinstance(part, Reference | Named) and part.name in cuts:
            return cuts[part.name]
        if isinstance(part, Apply) and functions.row(part.function).cut:
            names = (p.name for p in walk(part) if isinstance(p, Reference | Named))
            if any(sample in touched.of.get(name, ()) for name in names):
                return part.span
    return None
