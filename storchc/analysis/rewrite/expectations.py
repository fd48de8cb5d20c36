"""A story once more, with the expectations over samples that are summed out step by step.

A cost in the loop is written as its expectation (`SummedOut`). So is what all steps add up to: a
carried variable of which costs take nothing but its mean is one that carries the mean, and
``sequence(v)`` is that of the mean of ``v``, which the body defines beside ``v``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from typing import assert_never

from storchc.analysis.facts.dependence import Dependence
from storchc.ir.expression import (
    Apply,
    Construct,
    Distribution,
    Expected,
    Named,
    Reference,
    Renamed,
    Select,
    SequenceOf,
    StaticChoice,
    SummedOut,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.names import averaged, mean_of
from storchc.ir.nodes import Carried, Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.types import ValueType
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Expectations:
    """What depends on a sample that is summed out in ``loop``.

    ``before`` is the plate of the step before, if it has one. Of the names that are ``dependent``
    ``totals`` are those that all steps add up to: their expectation is known alone.
    """

    sample: str
    loop: str
    before: str
    dependent: frozenset[str]
    totals: frozenset[str]

    def depends(self, value: Value | Distribution) -> bool:
        """Whether ``value`` is made of the sample."""
        return any(_named(p) in self.dependent for p in walk(value))

    def adds_up(self, value: Value | Distribution) -> bool:
        """Whether something that all steps add up to is in ``value``."""
        for part in walk(value):
            if _named(part) in self.totals:
                return True
            if isinstance(part, SequenceOf) and self.depends(part.value):
                return True
        return False

    def with_means(self, means: frozenset[str]) -> Expectations:
        """The same with the names of the ``means``, which all steps add up to."""
        further = frozenset(mean_of(name) for name in means & self.dependent)
        return replace(self, dependent=self.dependent | further, totals=self.totals | further)


def _named(part: Value | Distribution) -> str:
    return part.name if isinstance(part, Reference | Named) else ""


def written(graph: Graph, samples: tuple[Expectations, ...], credited: Dependence) -> Graph:
    """``graph`` with the expectations over ``samples``."""
    wanted = {p.value.name for p in _parts(graph.all_nodes) if isinstance(p, SequenceOf)}
    means = frozenset(n for n in wanted for s in samples if n in s.dependent - s.totals)
    if means:
        graph = _with_means(graph, means)
    for sample in samples:
        graph = _Writing(graph, sample.with_means(means), means, credited).graph_of()
    return graph


def _parts(nodes: Iterable[Node]) -> Iterator[Value | Distribution]:
    return (part for node in nodes for value in expressions(node) for part in walk(value))


def _with_means(graph: Graph, means: frozenset[str]) -> Graph:
    """The story with a name for the mean of each of these, which is not taken yet."""
    types = {mean_of(name): graph.types[name] for name in means}
    nodes = tuple(
        replace(node, body=tuple(_beside(graph, node, means))) if isinstance(node, Loop) else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes, types={**graph.types, **types})


def _beside(graph: Graph, loop: Loop, means: frozenset[str]) -> Iterator[Node]:
    for node in loop.body:
        yield node
        for name in (n for n in _defined(node) if n in means):
            type_ = graph.types[name]
            assert isinstance(type_, ValueType)
            yield Compute((mean_of(name),), Reference(name, type_, node.span), (type_,), node.span)


def _defined(node: Node) -> tuple[str, ...]:
    match node:
        case Compute(names):
            return names
        case Sample(name=name) | Cost(name=name, observed=False):
            return (name,)
        case Cost() | Report() | Loop():
            return ()


@dataclass(slots=True)
class _Writing:
    """Writes a story with the expectations over one sample; ``means`` have a name beside theirs.

    ``shown`` are the types of the totals behind the loop to which the last value is added: they
    have its plate.
    """

    graph: Graph
    of: Expectations
    means: frozenset[str]
    credited: Dependence
    shown: dict[str, ValueType] = field(default_factory=dict)

    def graph_of(self) -> Graph:
        """The whole story."""
        graph, of = self.graph, self.of
        nodes = tuple(self._outside(node) for node in graph.nodes)
        plates = list(graph.sample_plates)
        if (
            of.before and of.before not in plates
        ):  # behind the plate of this step's outcomes in memory
            plates.insert(plates.index(of.sample), of.before)
        types = dict(graph.types)
        for name, type_ in graph.types.items():
            if isinstance(type_, ValueType) and name in self.of.totals:
                types[name] = self._total_type(name, type_)
        return replace(graph, nodes=nodes, sample_plates=tuple(plates), types=types)

    # --- statements ------------------------------------------------------------------------------

    def _outside(self, node: Node) -> Node:
        match node:
            case Loop(name=name) if name == self.of.loop:
                carried = tuple(self._carried(c) for c in node.carried)
                return replace(node, carried=carried, body=tuple(self._body(node)))
            case Compute(names=(name,)) if name in self.of.totals:
                computed = self._computed(node, cut=None)
                (type_,) = computed.types
                if isinstance(type_, ValueType) and self.of.sample in type_.plates:
                    self.shown[name] = type_
                return computed
            case Cost(value=value) if self.of.adds_up(value):
                return replace(node, value=self.value(value, None))
            case Compute() | Sample() | Cost() | Report() | Loop():
                return node

    def _carried(self, carried: Carried) -> Carried:
        if carried.name not in self.of.totals:
            return carried
        return replace(carried, type=self._expected_type(carried.type))

    def _computed(self, node: Compute, *, cut: bool | None) -> Compute:
        assert not isinstance(node.value, Construct | Named)
        value = self.value(node.value, cut)
        return replace(node, value=value, types=(value.type,))

    def _body(self, loop: Loop) -> Iterator[Node]:
        """The body, with the expectation of every cost that depends on the sample."""
        used = {p.name for p in _parts(self.graph.all_nodes) if isinstance(p, Reference)}
        for node in loop.body:
            match node:
                case Compute(names=(name,)) if name in self.of.totals:
                    ancestors = self.credited.values[averaged(name)]
                    yield self._computed(node, cut=self.of.sample not in ancestors)
                case Cost() if self.of.depends(node.value):
                    yield from self._cost(node, node.name in used)
                case Compute() | Sample() | Cost() | Report() | Loop():
                    yield node
                case _:
                    assert_never(node)

    def _cost(self, node: Cost, used: bool) -> Iterator[Node]:
        value, observed = node.value, node.observed
        named = isinstance(value, Reference) and value.name == node.name
        if used and not (
            observed or named or node.name in self.of.totals
        ):  # the name is the value's
            yield Compute((node.name,), value, (value.type,), node.span)
            value, observed = Reference(node.name, value.type, node.span), True
        cut = self.of.sample not in self.credited.costs[node.name]
        yield replace(node, value=self.value(value, cut), observed=observed)

    # --- values ----------------------------------------------------------------------------------

    def value(self, value: Value, cut: bool | None) -> Value:
        """The expectation; ``cut`` says how in a step. Behind the loop (None) z has its plate."""
        if not self.of.depends(value):
            return value
        if not self.of.adds_up(value):
            if cut is None:
                return value
            type_ = self._expected_type(value.type)
            return SummedOut(value, self.of.sample, cut, type_, value.span)
        match value:
            case Reference():
                return replace(value, type=self._total_type(value.name, value.type))
            case SequenceOf():
                return self._sequence(value)
            case Apply():
                operands = tuple(self.value(v, cut) for v in value.operands)
                return replace(value, operands=operands, type=self._joined(value, operands))
            case StaticChoice():
                sides = self.value(value.then, cut), self.value(value.otherwise, cut)
                type_ = self._joined(value, sides)
                return replace(value, then=sides[0], otherwise=sides[1], type=type_)
            case Select() | Expected() | Renamed() | SummedOut():
                part = self.value(value.value, cut)
                return replace(value, value=part, type=self._joined(value, (part,)))
        raise AssertionError(value)

    def _sequence(self, value: SequenceOf) -> SequenceOf:
        name = value.value.name
        name = mean_of(name) if name in self.means else name
        type_ = self._expected_type(value.value.type)
        reference = Reference(name, type_, value.value.span)
        return replace(value, value=reference, type=self._expected_type(value.type))

    def _joined(self, value: Value, parts: tuple[Value, ...]) -> ValueType:
        """The type of an expectation that is made of ``parts``."""
        kept = any(self.of.sample in part.type.plates for part in parts)
        return replace(value.type, dtype="float") if kept else self._expected_type(value.type)

    def _total_type(self, name: str, type_: ValueType) -> ValueType:
        return self.shown.get(name) or self._expected_type(type_)

    def _expected_type(self, type_: ValueType) -> ValueType:
        return replace(type_, plates=type_.plates - {self.of.sample}, dtype="float")
