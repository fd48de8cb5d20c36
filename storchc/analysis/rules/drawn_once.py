"""What is drawn for each element of a summed plate is not paid once."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.diagnostics import plates as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Distribution, Divergence, Entropy, OverPlates, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Cost, Sample
from storchc.ir.walk import children


def run(known: Estimation, problems: Problems) -> None:
    """Warn of divergences and entropies without the plates that `each` adds to a sample.

    The mean over a plate is what a single element pays, its sum is not.
    """
    graph = known.typed
    summed = {plate.name for plate in graph.data_plates.values() if plate.reduction == "sum"}
    for node in graph.samples:
        for plate in node.each:
            if plate in summed and plate not in node.distribution.type.plates:
                for cost in graph.costs:
                    _check(graph, node, plate, cost, problems)


def _check(graph: Graph, node: Sample, plate: str, cost: Cost, problems: Problems) -> None:
    if plate in cost.value.type.plates:
        return
    for part in _made_of(graph, cost.value, plate):
        law = part.left if isinstance(part, Divergence) else part.distribution
        if graph.same_law(law, node.distribution):
            what = "divergence" if isinstance(part, Divergence) else "entropy"
            problems.add(words.counts_once(part.span, what, plate, node.name, node.name_span))


def _made_of(graph: Graph, value: Value, plate: str) -> Iterator[Divergence | Entropy]:
    """The divergences and entropies in a value, through names; those that lack the plate."""
    waiting: list[Value | Distribution] = [value]
    read: set[str] = set()
    while waiting:
        part = waiting.pop()
        match part:
            case Reference(name) if name in graph.compute_by_name and name not in read:
                read.add(name)
                waiting.append(graph.compute_by_name[name].value)
            case OverPlates(plates=plates) if plate in plates:
                pass
            case Divergence() | Entropy():
                yield part
            case _:
                waiting += children(part)
