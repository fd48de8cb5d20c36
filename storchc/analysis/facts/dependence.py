"""Which samples a value depends on, and which of their plates are mixed on the way (LOSS.md §2).

A path runs through operands, through the parameters of samples, and through the weights of reduced
plates: these belong to samples that the reduced value depends on already, as what is drawn `in` an
enumerated plate depends on the sample that opened it. A ``stateful`` function has in mind what it
was called with before: every call depends on the arguments of those above it and of earlier steps.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import field
from typing import Generic, TypeVar, assert_never

from storchc.analysis.dataflow import Flow, Forward, Known, Memory, Statement, Variable, forwards
from storchc.analysis.facts.drawing import drawn
from storchc.analysis.facts.edges import CREDITLESS, Edge, edges
from storchc.analysis.facts.places import Places
from storchc.ir.expression import CallUser, Distribution, Named, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Loop, Node, Report, Sample, is_beside
from storchc.ir.steps import Seen, StepAncestors, Within, earlier_in, ended, within_loops
from storchc.ir.types import NO_PLATES, Plates
from storchc.records import dataclass

Ancestors = Mapping[str, Plates]
"""For each sample that a value depends on: the plates of that sample that some path mixes."""

NOTHING: Ancestors = {}

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Dependence:
    """The samples that everything in a story depends on.

    ``values`` are by the name of a computed value, a sample (itself among them) or a cost that
    defines one; ``parameters`` by sample, ``costs`` and ``reports`` by their names. ``places`` has
    every expression as it stands there: a carried name is what the step before has left until it
    is defined again, and a stateful function has seen what stands above. ``mixed`` are, by sample,
    its plates that are reduced on the way to some cost. ``cuts``: whether there is a
    `stop_gradient` anywhere.
    """

    graph: Graph
    values: Mapping[str, Ancestors]
    parameters: Mapping[str, Ancestors]
    costs: Mapping[str, Ancestors]
    reports: Mapping[str, Ancestors]
    places: Places[Ancestors]
    mixed: Ancestors
    cuts: bool

    def moves(self, node: Node, sample: str) -> bool:
        """Whether what a statement makes depends on ``sample``, in a loop any statement of it."""
        match node:
            case Cost(name):
                return sample in self.costs[name]
            case Report(name):
                return sample in self.reports[name]
            case Compute(names):
                return sample in self.values[names[0]]
            case Sample(name):
                return sample in self.values[name]
            case Loop(body=body):
                return any(self.moves(inner, sample) for inner in body)


@dataclass(frozen=True, slots=True)
class Stepwise:
    """The dependence of ``costs`` and of ``parameters`` with the steps of loops told apart."""

    parameters: Mapping[str, StepAncestors]
    costs: Mapping[str, StepAncestors]


def dependence(graph: Graph, flow: Flow) -> Dependence:
    """The samples that every value depends on by a path, which a `stop_gradient` cuts."""
    return _Walk(graph).whole(flow)


def touch(graph: Graph, flow: Flow, credited: Dependence) -> Dependence:
    """The same through cuts: what is behind one moves with its samples, though on no path."""
    return _Walk(graph, through_cuts=True).whole(flow) if credited.cuts else credited


def carriage(graph: Graph, flow: Flow) -> Dependence:
    """The same for weights that are carried on: their plates were reduced while they were there."""
    return _Carriage(graph, through_cuts=True).whole(flow)


def stepwise(graph: Graph, flow: Flow, credited: Dependence) -> Stepwise:
    """The dependence by paths, with the steps of loops told apart."""
    if not graph.loop_names:
        seen = {sample.name: Seen(sample.name) for sample in graph.samples}
        return Stepwise(_here(credited.parameters, seen), _here(credited.costs, seen))
    walk = _Steps(graph, within=within_loops(graph))
    forwards(flow, walk, {})
    return Stepwise(walk.parameters, walk.costs)


def _here(found: Mapping[str, Ancestors], seen: Mapping[str, Seen]) -> Mapping[str, StepAncestors]:
    """As ``seen`` where there are no steps."""
    return {
        name: {seen[sample]: mixed for sample, mixed in ancestors.items()}
        for name, ancestors in found.items()
    }


@dataclass(slots=True)
class _Finding(Forward[Mapping[Key, Plates]], Generic[Key]):
    """What is found on the way; the last that is found of an expression in a loop holds.

    ``keys`` are samples, or samples as they are seen from a step. ``memory`` is what stateful
    functions have in mind in the middle of a statement.
    """

    graph: Graph
    through_cuts: bool = False
    within: Within = field(default_factory=dict)
    parameters: dict[str, Mapping[Key, Plates]] = field(default_factory=dict)
    costs: dict[str, Mapping[Key, Plates]] = field(default_factory=dict)
    reports: dict[str, Mapping[Key, Plates]] = field(default_factory=dict)
    places: dict[int, Mapping[Key, Plates]] = field(default_factory=dict)
    memory: dict[str, Mapping[Key, Plates]] = field(default_factory=dict)
    cuts: bool = False
    mixes: bool = False
    nothing: Mapping[Key, Plates] = field(default_factory=dict)
    drawn: dict[str, Plates] = field(init=False)
    plates: dict[str, str] = field(init=False)
    stateful: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        callees = self.graph.callees.items()
        self.stateful = frozenset(n for n, c in callees if "stateful" in c.flags)
        self.drawn = {s.name: s.type.plates for s in self.graph.samples}
        self.plates = {s.name: s.plate for s in self.graph.samples}

    @abstractmethod
    def key(self, sample: str) -> Key:
        """A sample as the step sees it that draws it."""

    @abstractmethod
    def sample(self, key: Key) -> str:
        """The sample that is seen."""

    # --- statements ------------------------------------------------------------------------------

    def statement(
        self, node: Statement, known: Known[Mapping[Key, Plates]]
    ) -> Mapping[Variable, Mapping[Key, Plates]]:
        """See `Forward.statement`."""
        self._remember(known)
        made: dict[Variable, Mapping[Key, Plates]] = {}
        match node:
            case Compute(names, value):
                made |= dict.fromkeys(names, self.expression(value, known))
            case Sample(name):
                made[name] = self._drawn(node, known)
            case Cost(name, value, observed):
                self.costs[name] = self.expression(value, known)
                if not observed:  # the name is the value's that is observed
                    made[name] = self.costs[name]
            case Report(name, value):
                self.reports[name] = self.expression(value, known)
            case _:
                assert_never(node)
        return made | {Memory(name): seen for name, seen in self.memory.items()}

    def _remember(self, known: Known[Mapping[Key, Plates]]) -> None:
        """What functions have in mind before a statement, or before the header of a loop."""
        self.memory = {name: known(Memory(name)) for name in self.stateful}

    def _drawn(self, node: Sample, known: Known[Mapping[Key, Plates]]) -> Mapping[Key, Plates]:
        found = [self.expression(value, known) for value in _inputs(node)]
        for option in _looked_up(node):  # it decides no value, but where it stands is known
            self.expression(option, known)
        if node.joins and drawn(self.graph, node.plate).attached:
            # its weights meet all that has the plate, made of its value or not
            found.append(known(node.plate))
        if node.mask is not None:  # an element that has stopped keeps the value that it had
            found += [self.expression(node.mask, known), known(node.name)]
        self.parameters[node.name] = parameters = merge(found)
        own = self.key(node.name)
        return {**parameters, own: parameters.get(own, NO_PLATES)}

    def initial(
        self, carried: Carried, known: Known[Mapping[Key, Plates]]
    ) -> Mapping[Variable, Mapping[Key, Plates]]:
        """See `Forward.initial`."""
        self._remember(known)
        made: dict[Variable, Mapping[Key, Plates]] = {}
        made[carried.name] = self.expression(carried.initial, known)
        return made | {Memory(name): seen for name, seen in self.memory.items()}

    def join(self, a: Mapping[Key, Plates], b: Mapping[Key, Plates]) -> Mapping[Key, Plates]:
        """See `Forward.join`."""
        return merge([a, b])

    # --- expressions -----------------------------------------------------------------------------

    def expression(
        self, value: Value | Distribution, known: Known[Mapping[Key, Plates]]
    ) -> Mapping[Key, Plates]:
        """The ancestors of an expression, noted for all that is in it."""
        if isinstance(value, Reference | Named):
            found = known(value.name)
        else:
            found = merge(self._operands(value, known))
            if isinstance(value, CallUser) and value.callee in self.stateful:
                found = self._with_memory(value, found)
        self.places[id(value)] = found
        return found

    def _operands(
        self, value: Value | Distribution, known: Known[Mapping[Key, Plates]]
    ) -> list[Mapping[Key, Plates]]:
        found: list[Mapping[Key, Plates]] = []
        for edge in edges(value, self.graph.callees):
            ancestors = self.expression(edge.operand, known)
            cut = edge.flow in CREDITLESS
            self.cuts |= cut
            self.mixes |= bool(edge.plates)
            if ancestors and (self.through_cuts or not cut):
                found.append(self.mixed(ancestors, edge) if edge.plates else ancestors)
        return found

    def mixed(self, ancestors: Mapping[Key, Plates], edge: Edge) -> Mapping[Key, Plates]:
        """What the operand of an edge depends on, the plates of the edge reduced."""
        plates = frozenset(edge.plates)
        return {
            key: mixed | (self.drawn[self.sample(key)] & plates) for key, mixed in ancestors.items()
        }

    def _with_memory(self, call: CallUser, ancestors: Mapping[Key, Plates]) -> Mapping[Key, Plates]:
        """A call of a stateful function, which sees what it was called with before.

        What it has in mind it keeps element by element; plates that the call lacks are mixed.
        """
        self.mixes = True
        before = self.memory.get(call.callee, self.nothing)
        self.memory[call.callee] = merge([before, ancestors])
        lacking = {
            key: mixed | (self.drawn[self.sample(key)] - call.type.plates)
            for key, mixed in before.items()
        }
        return merge([ancestors, lacking])


class _Walk(_Finding[str]):
    """Steps of loops are not told apart."""

    def key(self, sample: str) -> str:
        return sample

    def sample(self, key: str) -> str:
        return key

    def whole(self, flow: Flow) -> Dependence:
        """All that is found in a story."""
        facts = forwards(flow, self, {})
        values = {point: fact for point, fact in facts.items() if isinstance(point, str)}
        found = self.parameters, self.costs, self.reports
        return Dependence(
            self.graph, values, *found, Places(self.places), self._in_costs(), self.cuts
        )

    def _in_costs(self) -> Ancestors:
        """The samples of which a cost joins elements; a long chain joins none, and is long."""
        if not self.mixes:
            return NOTHING
        return merge({n: m for n, m in found.items() if m} for found in self.costs.values())


class _Carriage(_Walk):
    """The plates that weights must be multiplied over: reduced while a sample's own is still there.

    A reduction of its own plate uses its weights up.
    """

    def mixed(self, ancestors: Ancestors, edge: Edge) -> Ancestors:
        plates = frozenset(edge.plates)
        left = edge.operand.type.plates - plates
        own = self.plates
        return {
            name: NO_PLATES
            if own[name] in plates
            else mixed | (self.drawn[name] & plates if own[name] in left else NO_PLATES)
            for name, mixed in ancestors.items()
        }


class _Steps(_Finding[Seen]):
    """Steps of loops are told apart."""

    def key(self, sample: str) -> Seen:
        return Seen(sample)

    def sample(self, key: Seen) -> str:
        return key.name

    def again(self, fact: StepAncestors, loop: str) -> StepAncestors:
        return earlier_in(self.within, fact, loop)

    def ended(self, fact: StepAncestors, loop: str) -> StepAncestors:
        return ended(self.within, fact, loop)


def _inputs(node: Sample) -> list[Value | Distribution]:
    """What decides a sample's value: its distribution, a temperature, a proposal; no baseline."""
    options = node.method.values.items() if node.method else ()
    deciding = (value for option, value in options if not is_beside(option))
    proposals = node.sampler.values.values() if node.sampler else ()
    return [node.distribution, *deciding, *proposals]


def _looked_up(node: Sample) -> list[Value | Distribution]:
    """What stands at a sample and decides no value of it."""
    options = node.method.values.items() if node.method else ()
    return [value for option, value in options if is_beside(option)]


def merge(parts: Iterable[Mapping[Key, Plates]]) -> Mapping[Key, Plates]:
    """The union, path by path."""
    filled = [p for p in parts if p]
    if not filled:
        return {}
    first, *rest = sorted(filled, key=len, reverse=True) if len(filled) > 1 else filled
    if all(p is first for p in rest):
        return first
    total = dict(first)
    for part in (p for p in rest if not p.items() <= total.items()):
        for key, mixed in part.items():
            total[key] = total[key] | mixed if key in total else mixed
    return total
