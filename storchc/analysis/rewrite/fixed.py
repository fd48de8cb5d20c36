"""A story once more, with what stands `without_credit` made of fixed draws (LOSS.md §12).

A draw by a score function is a value without a gradient, and is as good as fixed. One by a path
is not, and neither are the probabilities of outcomes that are listed where these are summed inside:
all that is computed between such draws and `without_credit` is computed a second time there, of
draws that are taken as data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from storchc.analysis.dataflow import Flow, Known, Spreading, Statement, Variable, forwards
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.edges import FLOWING, edges
from storchc.analysis.facts.liveness import Liveness
from storchc.analysis.facts.places import Places
from storchc.analysis.facts.uncredited import UNCREDITED, is_uncredited, uncredited_places
from storchc.ir.expression import (
    Apply,
    CallUser,
    Construct,
    Distribution,
    Named,
    OverPlates,
    Reference,
    SequenceOf,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.names import fixed_of
from storchc.ir.nodes import Carried, Choice, Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.rebuild import rebuilt, rebuilt_law
from storchc.ir.types import DistributionType, ValueType
from storchc.ir.walk import children, expressions
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Movement:
    """What the draws of a story move with a gradient: every expression, as it stands there.

    ``paths`` are the samples whose values do, ``listed`` those whose probabilities may be summed
    wherever a value is made of them; ``weighed`` are the plates whose weights have a gradient.
    """

    places: Places[bool]
    paths: frozenset[str]
    listed: frozenset[str]
    weighed: frozenset[str]

    def kept(self, place: Apply) -> bool:
        """Whether a gradient by way of draws is left in a place `without_credit`."""
        (operand,) = place.operands
        alone = isinstance(operand, Reference) and operand.name in self.listed
        return self.places[place] and not alone


def movement(
    graph: Graph,
    flow: Flow,
    credited: Dependence,
    live: Liveness,
    estimators: Mapping[str, Estimator],
) -> Movement:
    """What moves with draws, or with the probabilities of outcomes that are listed."""
    learning = [s for s in graph.samples if s.name in live.parameters or s.name in live.names]
    paths = frozenset(s.name for s in learning if estimators[s.name].carrier == "pathwise")
    listed = frozenset(
        s.name
        for s in learning
        if estimators[s.name].enumerated and (s.loops or s.distribution.type.batch)
    )
    weighed = frozenset(
        s.plate for s in learning if estimators[s.name].enumerated or estimators[s.name].weighted
    )
    walk = _Walk(graph, credited, paths | listed, weighed)
    forwards(flow, walk, {})
    return Movement(Places(walk.places), paths, listed, weighed)


@dataclass(slots=True)
class _Walk(Spreading):
    """What is found on the way. Of what stands `without_credit`, that is what moves inside."""

    graph: Graph
    credited: Dependence
    samples: frozenset[str]
    weighed: frozenset[str]
    places: dict[int, bool] = field(default_factory=dict)

    def statement(self, node: Statement, known: Known[bool]) -> Mapping[Variable, bool]:
        """See `Forward.statement`."""
        moved = any([self._moved(value, known) for value in expressions(node)])
        match node:
            case Compute(names):
                return dict.fromkeys(names, moved)
            case Sample(name):
                return {name: name in self.samples}
            case Cost(name, _, observed):
                return {} if observed else {name: moved}
            case Report():
                return {}

    def _moved(self, value: Value | Distribution, known: Known[bool]) -> bool:
        if isinstance(value, Reference | Named):
            moved = known(value.name)
        else:
            found = [
                self._moved(e.operand, known) and e.flow in FLOWING
                for e in edges(value, self.graph.callees)
            ]
            moved = any(found) or self._by_itself(value)
        self.places[id(value)] = moved
        return moved and not is_uncredited(value)

    def _by_itself(self, value: Value | Distribution) -> bool:
        """Whether it moves with weights, or with what a function was called with before."""
        match value:
            case OverPlates(value=operand, plates=plates):
                reached = self.credited.places[operand]
                along = (self.graph.along(plate) for plate in self.weighed.intersection(plates))
                return any(sample.name in reached for samples in along for sample in samples)
            case CallUser(callee):
                reached = self.credited.places[value]
                stateful = "stateful" in self.graph.callees[callee].flags
                return stateful and not self.samples.isdisjoint(reached)
            case _:
                return False

    def initial(self, carried: Carried, known: Known[bool]) -> Mapping[Variable, bool]:
        """See `Forward.initial`."""
        return {carried.name: self._moved(carried.initial, known)}


def draws_fixed(graph: Graph, moved: Movement) -> Graph:
    """``graph`` with fixed draws wherever it stands `without_credit`.

    Left as they are, to be refused, are those places that a stateful function leads to: it would be
    called twice.
    """
    writing = _Writing(graph, moved, dict(graph.types))
    writing.look()
    if not writing.fixed:
        return graph
    nodes = tuple(writing.written(graph.nodes))
    fixed = {fixed_of(name) for name in graph.sequenced & writing.names}
    return replace(graph, nodes=nodes, types=writing.types, sequenced=graph.sequenced | fixed)


CUT = "stop_gradient"


@dataclass(slots=True)
class _Writing:
    """Writes a story with what ``fixed`` places are made of once more.

    ``fixed`` are these places by identity, ``names`` what they are made of.
    """

    graph: Graph
    moved: Movement
    types: dict[str, ValueType | DistributionType]
    fixed: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    definitions: dict[str, list[Value | Distribution]] = field(init=False)

    def __post_init__(self) -> None:
        self.definitions = _definitions(self.graph)

    def look(self) -> None:
        """Find the places, and the names that they are made of."""
        for place in filter(self.moved.kept, uncredited_places(self.graph)):
            names = self._behind(place)
            if names is not None:
                self.fixed.add(id(place))
                self.names |= names

    def _behind(self, place: Apply) -> set[str] | None:
        """The names that carry a gradient to a place; None where a stateful function does."""
        waiting: list[Value | Distribution] = [*place.operands]
        names = set[str]()
        while waiting:
            value = waiting.pop()
            if not self.moved.places[value] or is_uncredited(value):
                continue
            match value:
                case CallUser(callee) if "stateful" in self.graph.callees[callee].flags:
                    return None
                case Reference(name) | Named(name):
                    waiting += [] if name in names else self.definitions.get(name, ())
                    names.add(name)
                case _:
                    waiting += children(value)
        return names

    # --- statements ------------------------------------------------------------------------------

    def written(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """The statements, each before what it makes of fixed draws."""
        for node in nodes:
            match node:
                case Compute():
                    yield replace(node, value=self._any(node.value))
                    if not self.names.isdisjoint(node.names):
                        yield self._again(node.names, node.value, node.types, node.span)
                case Sample(name=name):
                    yield self._sample(node)
                    if name in self.names:
                        yield self._drawn(node)
                case Cost(name, value):
                    yield replace(node, value=self.value(value))
                    if name in self.names and not (node.observed or node.names_itself):
                        yield self._again((name,), value, (value.type,), node.span)
                case Report():
                    yield replace(node, value=self.value(node.value))
                case Loop():
                    yield self._loop(node)

    def _again(
        self,
        names: tuple[str, ...],
        value: Value | Distribution,
        types: tuple[ValueType | DistributionType, ...],
        span: Span,
    ) -> Compute:
        """Values once more, of fixed draws."""
        again = tuple(map(fixed_of, names))
        self.types.update(zip(again, types, strict=True))
        made = self.law(value) if isinstance(value, Distribution) else self.fixed_value(value)
        return Compute(again, made, types, span)

    def _drawn(self, node: Sample) -> Compute:
        """A draw as data. Of outcomes that are listed it is their sum that is to be told apart."""
        listed = node.name in self.moved.listed
        drawn = Reference(node.name, node.type, node.name_span)
        fixed = Apply(UNCREDITED if listed else CUT, (drawn,), {}, node.type, node.name_span)
        name = fixed_of(node.name)
        self.types[name] = node.type
        return Compute((name,), fixed, (node.type,), node.span)

    def _sample(self, node: Sample) -> Sample:
        method, sampler = (self._choice(choice) for choice in (node.method, node.sampler))
        law = rebuilt_law(node.distribution, self.value)
        return replace(node, distribution=law, method=method, sampler=sampler)

    def _choice(self, choice: Choice | None) -> Choice | None:
        if choice is None:
            return None
        return replace(choice, values={key: self._any(v) for key, v in choice.values.items()})

    def _loop(self, node: Loop) -> Loop:
        carried = [replace(c, initial=self.value(c.initial)) for c in node.carried]
        again = [c for c in node.carried if c.name in self.names]
        carried += [
            Carried(fixed_of(c.name), self.fixed_value(c.initial), c.type, c.span) for c in again
        ]
        self.types.update((fixed_of(c.name), c.type) for c in again)
        return replace(node, carried=tuple(carried), body=tuple(self.written(node.body)))

    # --- expressions -----------------------------------------------------------------------------

    def value(self, value: Value) -> Value:
        """A value as it stands in the story, with fixed draws where it is `without_credit`."""
        if id(value) in self.fixed:
            assert isinstance(value, Apply)
            return replace(value, operands=tuple(map(self.fixed_value, value.operands)))
        return rebuilt(value, self.value, lambda law: rebuilt_law(law, self.value))

    def _any(self, value: Value | Construct | Named) -> Value | Construct | Named:
        if isinstance(value, Distribution):
            return rebuilt_law(value, self.value)
        return self.value(value)

    def fixed_value(self, value: Value) -> Value:
        """A value of fixed draws."""
        if not self.moved.places[value] or is_uncredited(value):
            return self.value(value)
        match value:
            case Reference(name):
                return replace(value, name=fixed_of(name))
            case SequenceOf(of):
                return replace(value, value=replace(of, name=fixed_of(of.name)))
            case OverPlates(value=of, plates=plates):
                inner = self.fixed_value(of)
                if not self.moved.weighed.isdisjoint(plates):  # their weights are data too
                    inner = Apply(UNCREDITED, (inner,), {}, of.type, of.span)
                return replace(value, value=inner)
            case _:
                return rebuilt(value, self.fixed_value, self.law)

    def law(self, law: Distribution) -> Distribution:
        """A distribution of fixed draws."""
        if isinstance(law, Named) and self.moved.places[law]:
            return replace(law, name=fixed_of(law.name))
        return rebuilt_law(law, self.fixed_value)


def _definitions(graph: Graph) -> dict[str, list[Value | Distribution]]:
    """What makes each name: of one that a loop carries, before the first step and in each."""
    found: dict[str, list[Value | Distribution]] = {}
    for node in graph.all_nodes:
        match node:
            case Compute(names, value):
                for name in names:
                    found.setdefault(name, []).append(value)
            case Cost(name, value, False) if not node.names_itself:
                found.setdefault(name, []).append(value)
            case Loop(carried=carried):
                for each in carried:
                    found.setdefault(each.name, []).append(each.initial)
    return found
