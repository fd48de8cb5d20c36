"""Which samples a value depends on, and which of their plates are mixed on the way (LOSS.md §2).

A path runs through operands, through the parameters of samples, and through the weights of reduced
plates: these belong to samples that the reduced value depends on already, as what is drawn `in` an
enumerated plate depends on the sample that opened it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from storchc.analysis.edges import Edge, edges
from storchc.analysis.sampling import drawn
from storchc.ir.expression import Distribution, Named, Reference, Value
from storchc.ir.graph import Compute, Cost, Graph, Report, Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.records import dataclass

Ancestors = Mapping[str, Plates]
"""For each sample that a value depends on: the plates of that sample that some path mixes."""

NOTHING: Ancestors = {}


@dataclass(slots=True)
class Dependence:
    """Ancestors, as far as the story has been walked.

    ``of`` holds those of every named value, a sample itself included; ``parameters``, ``costs`` and
    ``reports`` those of the parameters of a sample, of a cost, of a report. ``through_cuts`` counts
    what a value is made of behind a `stop_gradient` too: no path, but it still moves with the
    value.
    """

    graph: Graph
    through_cuts: bool = False
    met_cut: bool = False
    of: dict[str, Ancestors] = field(default_factory=dict)
    parameters: dict[str, Ancestors] = field(default_factory=dict)
    costs: dict[str, Ancestors] = field(default_factory=dict)
    reports: dict[str, Ancestors] = field(default_factory=dict)

    def expression(self, value: Value | Distribution) -> Ancestors:
        """The ancestors of any expression over names seen so far."""
        if isinstance(value, Reference | Named):
            return self.of.get(value.name, NOTHING)
        found: list[Ancestors] = []
        for edge in edges(value, self.graph.callees):
            cut = edge.flow == "cut"
            self.met_cut |= cut
            if self.through_cuts or not cut:
                ancestors = self.expression(edge.operand)
                if edge.plates and ancestors:
                    ancestors = self._mixed(ancestors, edge)
                found.append(ancestors)
        return merge(found)

    def _mixed(self, ancestors: Ancestors, edge: Edge) -> Ancestors:
        """What the operand of an edge depends on, the plates of the edge reduced."""
        types, plates = self.graph.types, frozenset(edge.plates)
        return {name: mixed | (types[name].plates & plates) for name, mixed in ancestors.items()}


@dataclass(slots=True)
class CarriedDependence(Dependence):
    """The plates that weights must be multiplied over: reduced while a sample's own is still there.

    A reduction of its own plate uses its weights up.
    """

    def _mixed(self, ancestors: Ancestors, edge: Edge) -> Ancestors:
        types, plates = self.graph.types, frozenset(edge.plates)
        left = edge.operand.type.plates - plates
        own = {s.name: s.plate for s in self.graph.samples}
        return {
            name: NO_PLATES
            if own[name] in plates
            else mixed | (types[name].plates & plates if own[name] in left else NO_PLATES)
            for name, mixed in ancestors.items()
        }


def dependence(graph: Graph, *, through_cuts: bool = False) -> Dependence:
    """The samples that every value depends on."""
    return _walked(Dependence(graph, through_cuts))


def carried_dependence(graph: Graph) -> Dependence:
    """The same for weights that are carried on; what is behind a cut moves them too."""
    return _walked(CarriedDependence(graph, through_cuts=True))


def _walked(result: Dependence) -> Dependence:
    """Walk the graph once, in story order."""
    graph = result.graph
    for node in graph.nodes:
        match node:
            case Compute(names, value, _, _):
                result.of.update(dict.fromkeys(names, result.expression(value)))
            case Sample(name=name):
                known = [result.expression(v) for v in _inputs(node)]
                if node.joins and drawn(graph, node.plate) == "enumerated":
                    # its weights meet all that has the plate, made of its value or not
                    known.append(result.of[node.plate])
                parameters = merge(known)
                result.parameters[name] = parameters
                result.of[name] = {**parameters, name: parameters.get(name, frozenset())}
            case Cost(name, value, observed, _):
                result.costs[name] = result.expression(value)
                if not observed:  # the name is the value's that is observed
                    result.of[name] = result.costs[name]
            case Report(name, value, _):
                result.reports[name] = result.of[name] = result.expression(value)
    return result


def _inputs(node: Sample) -> list[Value | Distribution]:
    """What decides a sample's value: its distribution, a temperature, a proposal; no baseline."""
    options = dict(node.method.values) if node.method else {}
    options.pop("baseline", None)
    proposals = node.sampler.values.values() if node.sampler else ()
    return [node.distribution, *options.values(), *proposals]


def merge(parts: list[Ancestors]) -> Ancestors:
    """The union, path by path."""
    parts = [p for p in parts if p]
    if not parts:
        return NOTHING
    first, *rest = sorted(parts, key=len, reverse=True)
    if all(p is first for p in rest):
        return first
    total = dict(first)
    for part in rest:
        for name, mixed in part.items():
            total[name] = total[name] | mixed if name in total else mixed
    return total
