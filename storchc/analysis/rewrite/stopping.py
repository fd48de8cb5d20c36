"""A story once more, without `stop when`: what an element that has stopped holds (LANGUAGE.md).

A loop carries the truth value `alive`. What a step makes becomes a choice: an element that has
stopped keeps its last value, and its costs are 0. So the stages behind this one see nothing but
carried variables, `where` and masks of samples.

Held is only what something looks at in steps that do not count: carried variables, samples, what
`sequence` is taken of, what is reported, what `over=` reduces together with elements that go on,
and what stateful functions see. All of it is carried then, by the loops around too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from storchc.analysis.dataflow import flow_of
from storchc.analysis.facts.dependence import dependence
from storchc.analysis.facts.made_of import made_of
from storchc.analysis.facts.uncredited import UNCREDITED, is_uncredited, uncredited_places
from storchc.catalogue import functions
from storchc.catalogue.function import Arguments
from storchc.ir.expression import Apply, CallUser, Construct, Literal, Named, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.names import alive_of, fresh_of, is_alive, shown_of
from storchc.ir.nodes import Carried, Compute, Cost, Loop, Node, Report, Sample, Stop
from storchc.ir.types import NO_PLATES, DistributionType, ValueType
from storchc.records import dataclass
from storchc.source import Span

_ZEROS: dict[str, int | float | bool] = {"float": 0.0, "int": 0, "bool": False}


@dataclass(slots=True)
class _Held:
    """What the elements of a loop hold: ``alive`` says which have not stopped.

    ``types`` are those of what the loop carries, as far as it has been written.
    """

    alive: Reference
    types: dict[str, ValueType]

    def last(self, name: str, type_: ValueType, span: Span) -> Reference:
        """What a variable of an inner loop was when that ended last."""
        held = replace(type_, plates=type_.plates | self.alive.type.plates)
        return Reference(name, self.types.setdefault(name, held), span)


def without_stops(graph: Graph) -> Graph:
    """``graph`` with what stops written into the bodies of its loops."""
    if all(loop.stop is None for loop in graph.loops):
        return graph
    writing = _Writing(graph.sequenced, dict(graph.types), _uncredited(graph))
    nodes = tuple(writing.outside(node) for node in graph.nodes)
    return replace(graph, nodes=nodes, types=writing.types)


def _uncredited(graph: Graph) -> frozenset[str]:
    """The costs that credit no sample, as they stand without their ends."""
    if next(uncredited_places(graph), None) is None:
        return frozenset()
    credited = dependence(graph, flow_of(graph)).costs
    made = made_of(flow_of(graph), is_uncredited)
    return frozenset(c.name for c in graph.costs if not credited[c.name] and made[c.value])


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes loops; ``types`` get those of the names that are made for it.

    ``uncredited`` are the costs that credit nobody.
    """

    sequenced: frozenset[str]
    types: dict[str, ValueType | DistributionType]
    uncredited: frozenset[str]

    # --- loops -----------------------------------------------------------------------------------

    def outside(self, node: Node) -> Node:
        """A statement of which no element stops from outside."""
        if not isinstance(node, Loop):
            return node
        if node.stop is not None:
            return self.loop(node, None)
        return replace(node, body=tuple(self.outside(inner) for inner in node.body))

    def loop(self, loop: Loop, outer: _Held | None) -> Loop:
        """A loop that stops elements, or that stands in one, ``outer``."""
        looked_at = self.sequenced.union(n.name for n in loop.body if isinstance(n, Sample))
        initial = {c.name: _initial(c, outer, looked_at) for c in loop.carried}
        held = self._holding(loop, outer)
        body = [written for node in loop.body for written in self._step(node, held)]
        if loop.stop is not None:
            body.append(_ending(held.alive, loop.stop))
        places = {c.name: c.span for c in loop.carried}
        carried = []
        for name, type_ in held.types.items():
            span = places.get(name, loop.header)
            start = initial[name] if name in initial else _before(loop, outer, name, type_, span)
            carried.append(Carried(name, start, type_, span))
        alive = None if loop.stop is None else held.alive.name
        return replace(loop, carried=tuple(carried), body=tuple(body), alive=alive, stop=None)

    def _holding(self, loop: Loop, outer: _Held | None) -> _Held:
        """What elements hold when a step of a loop begins."""
        types = {c.name: c.type for c in loop.carried}
        if loop.stop is None:
            assert outer is not None
            return _Held(outer.alive, types)
        name = alive_of(loop.name)
        type_ = self.types[name]
        assert isinstance(type_, ValueType)
        types[name] = type_
        return _Held(Reference(name, type_, loop.stop.condition.span), types)

    # --- steps -----------------------------------------------------------------------------------

    def _step(self, node: Node, held: _Held) -> Iterator[Node]:
        """A node as it acts on elements that may have stopped."""
        match node:
            case Compute(value=Construct() | Named()):
                yield node
            case Compute(value=CallUser() as call) if len(node.names) > 1:
                yield from self._several(node, call, held)
            case Compute(names=(name,), value=value):
                assert not isinstance(value, Construct | Named)
                yield self._computed(name, value, node.span, held)
            case Compute():
                raise AssertionError("only a call has several results")
            case Sample(name=name, type=type_):
                held.types.setdefault(name, type_)
                yield replace(node, mask=held.alive)
            case Cost():
                yield _paid(node, held.alive, node.name in self.uncredited)
            case Report(name=name, value=value) if not _names(value, name):
                shown = self._hold(shown_of(name), value, node.span, held)
                yield shown
                yield replace(node, value=_named(shown))
            case Report():
                yield node
            case Loop():
                yield self.loop(node, held)

    def _several(self, node: Compute, call: CallUser, held: _Held) -> Iterator[Node]:
        """A call with several results: these first, then what is held of each."""
        fresh = tuple(fresh_of(name) for name in node.names)
        self.types.update(zip(fresh, call.results, strict=True))
        yield Compute(fresh, call, call.results, node.span)
        for name, new, type_ in zip(node.names, fresh, call.results, strict=True):
            yield self._computed(name, Reference(new, type_, node.span), node.span, held)

    def _computed(self, name: str, value: Value, span: Span, held: _Held) -> Compute:
        """A value, held where something looks at it in steps that do not count."""
        if name in held.types or name in self.sequenced:
            return self._hold(name, value, span, held)
        return Compute((name,), value, (value.type,), span)

    def _hold(self, name: str, value: Value, span: Span, held: _Held) -> Compute:
        """A value, and its last one where an element has stopped."""
        kept = _where(held.alive, value, held.last(name, value.type, span), span)
        self.types.setdefault(name, kept.type)
        return Compute((name,), kept, (kept.type,), span)


def _initial(carried: Carried, outer: _Held | None, looked_at: frozenset[str]) -> Value:
    """What a variable starts with; one of an element that has stopped goes on from its last."""
    if outer is None or carried.name not in looked_at:
        return carried.initial
    last = outer.last(carried.name, carried.type, carried.span)
    return _where(outer.alive, carried.initial, last, carried.span)


def _before(loop: Loop, outer: _Held | None, name: str, type_: ValueType, span: Span) -> Value:
    """What an element holds before the first step of a loop: what it did when the last one ended.

    In an outermost loop every element is alive then.
    """
    if outer is None:
        started = replace(type_, plates=NO_PLATES)
        return Literal(True if is_alive(name) else _ZEROS[type_.dtype], started, span)
    if name == alive_of(loop.name):
        return replace(outer.alive, span=span)
    return outer.last(name, type_, span)


def _paid(node: Cost, alive: Reference, uncredited: bool) -> Cost:
    """A cost, and 0 where an element has stopped; a value that is made a cost stays as it is.

    One that is ``uncredited`` as a whole credits nobody by when it stops either.
    """
    free = Literal(0.0, ValueType(NO_PLATES, ()), node.span)
    value: Value = _where(alive, node.value, free, node.span)
    if uncredited:
        value = _apply(UNCREDITED, (value,), node.span)
    return replace(node, value=value, observed=node.observed or _names(node.value, node.name))


def _ending(alive: Reference, stop: Stop) -> Compute:
    """The node that ends a step: alive are those whose condition does not hold."""
    place = stop.condition.span
    left = _apply("logical_and", (alive, _negated(stop.condition)), place)
    return Compute((alive.name,), left, (left.type,), stop.span)


def _negated(condition: Value) -> Value:
    if isinstance(condition, Literal):
        return replace(condition, value=not condition.value)
    return _apply("logical_not", (condition,), condition.span)


def _where(alive: Reference, value: Value, otherwise: Value, span: Span) -> Apply:
    return _apply("where", (alive, value, otherwise), span)


def _apply(function: str, operands: tuple[Value, ...], span: Span) -> Apply:
    """A function of the catalogue, of values that fit."""
    entry = functions.lookup(function)
    assert entry is not None
    types = tuple(operand.type for operand in operands)
    outcome = entry.infer(Arguments(types, (None,) * len(types), {}))
    plates = NO_PLATES.union(*(type_.plates for type_ in types))
    return Apply(function, operands, {}, ValueType(plates, outcome.shape, outcome.dtype), span)


def _named(node: Compute) -> Reference:
    (name,), (type_,) = node.names, node.types
    assert isinstance(type_, ValueType)
    return Reference(name, type_, node.span)


def _names(value: Value, name: str) -> bool:
    return isinstance(value, Reference) and value.name == name
