"""The plates of samples that are reduced on the way to some cost, and where."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.facts.dependence import Dependence
from storchc.ir.expression import OverPlates
from storchc.ir.graph import Graph
from storchc.ir.nodes import Loop, Report, Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.ir.walk import expressions, walk
from storchc.source import Span


def mixed_samples(graph: Graph, dependent: Dependence) -> frozenset[str]:
    """The samples whose own plate is reduced on the way to some cost."""
    plates = {s.name: s.plate for s in graph.samples}
    return frozenset(name for name, mixed in dependent.mixed.items() if plates[name] in mixed)


def joined_where_credited(
    graph: Graph, credited: Dependence, touched: Dependence
) -> frozenset[str]:
    """Those whose own plate is reduced on the way to a cost that credits them, be it by a cut."""
    if not touched.mixed:
        return frozenset()
    plates = {s.name: s.plate for s in graph.samples}
    return frozenset(
        name
        for cost in graph.costs
        for name in credited.costs[cost.name]
        if plates[name] in touched.costs[cost.name][name]
    )


def mixed_plates(dependent: Dependence, node: Sample) -> Plates:
    """The plates of ``node`` that are mixed on the way to some cost."""
    return dependent.mixed.get(node.name, NO_PLATES)


def reductions_of(graph: Graph, plate: str) -> Iterator[Span]:
    """The places where ``plate`` is reduced on the way to a cost."""
    for node in graph.all_nodes:
        for root in () if isinstance(node, Report) else expressions(node):
            for e in walk(root):
                if isinstance(e, OverPlates) and plate in e.plates:
                    yield e.span


def reduced_inside(graph: Graph, node: Sample) -> bool:
    """Whether an `over=` in a loop around ``node`` reduces its plate."""
    around = [graph.loop_by_name[name] for name in node.loops]
    inside = (n for loop in around for n in loop.body if not isinstance(n, Loop))
    parts = (e for n in inside for root in expressions(n) for e in walk(root))
    return any(isinstance(e, OverPlates) and node.plate in e.plates for e in parts)
