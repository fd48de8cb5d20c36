"""Which samples a value depends on, and which of their plates are mixed on the way (LOSS.md §2).

A path runs through operands, through the parameters of samples, and through the weights of reduced
plates: these belong to samples that the reduced value depends on already, as what is drawn `in` an
enumerated plate depends on the sample that opened it. A ``stateful`` function has in mind what it
was called with before: every call depends on the arguments of those above it and of earlier steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from storchc.analysis.estimators.sampling import drawn
from storchc.analysis.facts.edges import Edge, edges
from storchc.ir.expression import CallUser, Distribution, Named, Reference, Value
from storchc.ir.graph import Compute, Cost, Graph, Loop, Node, Report, Sample
from storchc.ir.steps import Levels, levels_of, sample_of
from storchc.ir.types import NO_PLATES, Plates
from storchc.records import dataclass

Ancestors = Mapping[str, Plates]
"""For each sample that a value depends on: the plates of that sample that some path mixes."""

NOTHING: Ancestors = {}


@dataclass(slots=True)
class Dependence:
    """Ancestors, as far as the story has been walked.

    ``of`` holds those of every named value, a sample itself included, and under the name of a
    stateful function those of what it has in mind; ``parameters``, ``costs`` and
    ``reports`` those of the parameters of a sample, of a cost, of a report. ``through_cuts`` counts
    what a value is made of behind a `stop_gradient` too: no path, but it still moves with the
    value. ``settled`` is what the steps of a loop begin with. ``levels`` tells the steps of loops
    apart, where there are any: then the samples stand under the keys of `storchc.ir.steps`.
    """

    graph: Graph
    through_cuts: bool = False
    levels: Levels | None = None
    met_cut: bool = False
    of: dict[str, Ancestors] = field(default_factory=dict)
    parameters: dict[str, Ancestors] = field(default_factory=dict)
    costs: dict[str, Ancestors] = field(default_factory=dict)
    reports: dict[str, Ancestors] = field(default_factory=dict)
    settled: dict[str, dict[str, Ancestors]] = field(default_factory=dict)
    drawn: dict[str, Plates] = field(init=False)
    stateful: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.stateful = [n for n, c in self.graph.callees.items() if "stateful" in c.flags]
        self.drawn = {s.name: s.type.plates for s in self.graph.samples}

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
        if isinstance(value, CallUser) and value.callee in self.stateful:
            return self._with_memory(value, merge(found))
        return merge(found)

    def moves(self, node: Node, sample: str) -> bool:
        """Whether what a statement makes depends on ``sample``, in a loop any statement of it."""
        match node:
            case Cost(name):
                return sample in self.costs[name]
            case Report(name):
                return sample in self.reports[name]
            case Compute(names):
                return sample in self.of[names[0]]
            case Sample(name):
                return sample in self.of[name]
            case Loop(body=body):
                return any(self.moves(inner, sample) for inner in body)

    def _with_memory(self, call: CallUser, ancestors: Ancestors) -> Ancestors:
        """A call of a stateful function, which sees what it was called with before.

        What it has in mind it keeps element by element; plates that the call lacks are mixed.
        """
        known = self.of.get(call.callee, NOTHING)
        self.of[call.callee] = merge([known, ancestors])
        lacking = {
            name: mixed | (self.drawn[sample_of(name)] - call.type.plates)
            for name, mixed in known.items()
        }
        return merge([ancestors, lacking])

    def _mixed(self, ancestors: Ancestors, edge: Edge) -> Ancestors:
        """What the operand of an edge depends on, the plates of the edge reduced."""
        plates = frozenset(edge.plates)
        return {
            name: mixed | (self.drawn[sample_of(name)] & plates)
            for name, mixed in ancestors.items()
        }

    def walk(self, nodes: tuple[Node, ...]) -> None:
        """Take the next nodes, in story order."""
        for node in nodes:
            match node:
                case Compute(names, value):
                    self.of.update(dict.fromkeys(names, self.expression(value)))
                case Sample():
                    self._sample(node)
                case Cost(name, value, observed):
                    self.costs[name] = self.expression(value)
                    if not observed:  # the name is the value's that is observed
                        self.of[name] = self.costs[name]
                case Report(name, value):
                    self.reports[name] = self.of[name] = self.expression(value)
                case Loop():
                    self._loop(node)

    def _sample(self, node: Sample) -> None:
        name = node.name
        known = [self.expression(v) for v in _inputs(node)]
        if node.joins and drawn(self.graph, node.plate) == "enumerated":
            # its weights meet all that has the plate, made of its value or not
            known.append(self.of[node.plate])
        if node.mask is not None:  # an element that has stopped keeps the value that it had
            known += [self.expression(node.mask), self.of[name]]
        parameters = merge(known)
        self.parameters[name] = parameters
        self.of[name] = {**parameters, name: parameters.get(name, frozenset())}

    def _loop(self, loop: Loop) -> None:
        """Walk the body until a step begins with all that the step before has left."""
        names = [*(c.name for c in loop.carried), *self.stateful]
        initial = {name: self.of.get(name, NOTHING) for name in self.stateful}
        initial |= {c.name: self.expression(c.initial) for c in loop.carried}
        known = self.settled.get(loop.name, {})  # of an earlier walk: inner loops are walked often
        begins = {n: merge([initial.get(n, NOTHING), known.get(n, NOTHING)]) for n in names}
        while True:
            self.of.update(begins)
            self.walk(loop.body)
            found = {n: merge([begins[n], self._earlier(self.of[n], loop)]) for n in names}
            if found == begins:
                break
            begins = found
        self.settled[loop.name] = begins
        if self.levels is not None:
            for name in self.of:
                self.of[name] = self.levels.left(self.of[name], loop.name)

    def _earlier(self, ancestors: Ancestors, loop: Loop) -> Ancestors:
        if self.levels is None:
            return ancestors
        return self.levels.earlier(ancestors, loop.name)


@dataclass(slots=True)
class CarriedDependence(Dependence):
    """The plates that weights must be multiplied over: reduced while a sample's own is still there.

    A reduction of its own plate uses its weights up.
    """

    def _mixed(self, ancestors: Ancestors, edge: Edge) -> Ancestors:
        plates = frozenset(edge.plates)
        left = edge.operand.type.plates - plates
        own = {s.name: s.plate for s in self.graph.samples}
        return {
            name: NO_PLATES
            if own[name] in plates
            else mixed | (self.drawn[name] & plates if own[name] in left else NO_PLATES)
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
    result.walk(result.graph.nodes)
    return result


def stepwise(graph: Graph, plain: Dependence) -> Dependence:
    """The same with the steps of loops told apart; without loops it is ``plain``."""
    if not graph.loop_names:
        return plain
    return _walked(Dependence(graph, levels=levels_of(graph)))


def in_any_step(known: Dependence) -> Dependence:
    """The same, but of what loops carry at the start of a step as well as at the end of it."""
    of = dict(known.of)
    for begins in known.settled.values():
        for name, ancestors in begins.items():
            of[name] = merge([of.get(name, NOTHING), ancestors])
    return replace(known, of=of)


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
