"""Which samples reach a value by way of `without_credit`, which credits no score (LOSS.md §12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from storchc.analysis.dataflow import Flow, Forward, Known, Statement, Variable, forwards
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.edges import edges
from storchc.analysis.facts.places import Places
from storchc.ir.expression import Apply, Distribution, Named, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import expressions
from storchc.records import dataclass

UNCREDITED = "without_credit"
Samples = frozenset[str]


@dataclass(frozen=True, slots=True)
class Uncredited:
    """The samples that reach costs by way of it, by their names, and every expression."""

    costs: Mapping[str, Samples]
    places: Places[Samples]


def uncredited_places(graph: Graph) -> Iterator[Apply]:
    """Every place where a story says so."""
    return (p for p in graph.parts if isinstance(p, Apply) and is_uncredited(p))


def is_uncredited(value: Value | Distribution) -> bool:
    """Whether it is said of this expression."""
    return isinstance(value, Apply) and value.function == UNCREDITED


def uncredited(graph: Graph, flow: Flow, touched: Dependence) -> Uncredited:
    """The samples that reach everything by way of it, through names, draws and steps of loops."""
    walk = _Walk(graph, touched)
    if next(uncredited_places(graph), None) is not None:
        forwards(flow, walk, {})
    return Uncredited(walk.costs, Places(walk.places))


@dataclass(slots=True)
class _Walk(Forward[Samples]):
    """``costs`` and ``places`` have what is found of them."""

    graph: Graph
    touched: Dependence
    nothing: Samples = frozenset()
    costs: dict[str, Samples] = field(default_factory=dict)
    places: dict[int, Samples] = field(default_factory=dict)

    def statement(self, node: Statement, known: Known[Samples]) -> Mapping[Variable, Samples]:
        """See `Forward.statement`."""
        found = self.nothing.union(*(self._seen(value, known) for value in expressions(node)))
        match node:
            case Compute(names):
                return dict.fromkeys(names, found)
            case Sample(name):
                return {name: found}
            case Cost(name, _, observed):
                self.costs[name] = found
                return {} if observed else {name: found}
            case Report():
                return {}

    def _seen(self, value: Value | Distribution, known: Known[Samples]) -> Samples:
        if isinstance(value, Reference | Named):
            found = known(value.name)
        else:
            paths = [e.operand for e in edges(value, self.graph.callees) if e.flow != "cut"]
            found = self.nothing.union(*[self._seen(part, known) for part in paths])
            if is_uncredited(value):
                found = frozenset(self.touched.places[value])
        self.places[id(value)] = found
        return found

    def initial(self, carried: Carried, known: Known[Samples]) -> Mapping[Variable, Samples]:
        """See `Forward.initial`."""
        return {carried.name: self._seen(carried.initial, known)}

    def join(self, a: Samples, b: Samples) -> Samples:
        """See `Forward.join`."""
        return a | b
