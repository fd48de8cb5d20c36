"""Loops: the types of carried variables by fixpoint, and the names that end with a loop.

A body is read until the types at the end of a step are those at its start. What is learned of a
loop is kept, so that reading it again, as a part of another one, starts from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from storchc.diagnostics import loops as words
from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.ir import graph
from storchc.ir.expression import Reference, Value
from storchc.ir.size import Size
from storchc.ir.types import NO_PLATES, DistributionType, ValueType, write_shape
from storchc.records import dataclass
from storchc.source import Span
from storchc.syntax import tree
from storchc.typing import expressions, stopping
from storchc.typing.context import Context, Refused
from storchc.typing.sequences import alive_of
from storchc.typing.sizes import event_size

Reader = Callable[[Context, tree.Step], graph.Node | None]
Types = dict[str, ValueType | None]
Nodes = tuple[graph.Node, ...]

_DEEPEST = 16
"""Loops inside of one another; Python has no more than 20 blocks so."""


@dataclass(slots=True)
class _Reading:
    """One loop under inspection.

    ``known`` are the types at the start of a step, as far as they are known; ``ends`` those at the
    end of the step that was read last. ``outer`` is what an element holds that the loop around has
    stopped, None where none can.
    """

    ctx: Context
    node: tree.For
    read: Reader
    name: str
    known: Types
    ends: Types
    outer: stopping.Outer | None

    @property
    def stop(self) -> tree.StopWhen | None:
        """The last statement, where that stops elements."""
        last = self.node.body[-1]
        return last if isinstance(last, tree.StopWhen) else None


def read_loop(ctx: Context, node: tree.For, read: Reader) -> graph.Loop | None:
    """The typed loop; None when something in it is wrong, which is reported then.

    ``read`` reads the steps of the body.
    """
    bound = _bound(ctx, node)
    outer = stopping.around(ctx, node)
    initial = {c.name.id: _initial(ctx, c, outer) for c in node.carried}
    if len(ctx.loops.inside) == _DEEPEST:
        help = "put several counters into one: `t // N` and `t % N`"
        what = f"more than {_DEEPEST} loops inside of one another"
        ctx.problems.add(words.not_compiled(node.header, what, help))
    _open_plates(ctx, node.body)
    name = _enter(ctx, node, bound)
    reading = _Reading(ctx, node, read, name, _starting(ctx, name, initial), {}, outer)
    body = _settled(reading)
    carried = _carried(reading, initial)
    _leave(ctx, node, name)
    if bound is None or body is None or carried is None:
        return None
    alive = None if reading.stop is None else alive_of(name)
    return graph.Loop(name, node.counter.id, bound, carried, body, alive, node.header, node.span)


def _initial(ctx: Context, carried: tree.Carried, outer: stopping.Outer | None) -> Value | None:
    """What a variable is before the first step; one of a stopped element goes on from its last."""
    value, name = expressions.value(ctx, carried.value), carried.name.id
    if value is None or outer is None or name not in outer.kept:
        return value
    return stopping.resumed(outer, name, value, carried.span)


def _bound(ctx: Context, node: tree.For) -> Size | None:
    try:
        return event_size(ctx, node.bound)
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        return None


def _open_plates(ctx: Context, body: tuple[tree.Step, ...]) -> None:
    """A sample opens its plate when the outermost loop is entered."""
    for step in body:
        if isinstance(step, tree.For):
            _open_plates(ctx, step.body)
        elif isinstance(step, tree.Sample) and step.plate is None:
            ctx.opened.setdefault(step.name.id, frozenset({step.name.id}))


def _enter(ctx: Context, node: tree.For, bound: Size | None) -> str:
    """The loop's own name: its counter's, told apart from those of other loops."""
    loops, counter = ctx.loops, node.counter.id
    if node.header not in loops.names:
        same = sum(name.partition("#")[0] == counter for name in loops.names.values())
        loops.names[node.header] = f"{counter}#{same + 1}" if same else counter
    name = loops.names[node.header]
    loops.headers[name], loops.bounds[name] = node.header, bound
    loops.parents[name] = loops.inside[-1] if loops.inside else None
    loops.counters.add(counter)
    loops.inside.append(name)
    return name


def _leave(ctx: Context, node: tree.For, name: str) -> None:
    """Names of the body end with the loop; the carried ones keep their last value."""
    loops = ctx.loops
    loops.counters.discard(node.counter.id)
    loops.inside.pop()
    kept = {c.name.id for c in node.carried}
    for local, home in loops.home.items():
        if home == name and local not in kept and local in ctx.types:
            loops.ended[local] = ctx.types.pop(local)


# --- types by fixpoint ---------------------------------------------------------------------------


def _starting(ctx: Context, name: str, initial: dict[str, Value | None]) -> Types:
    """What the carried variables are before the first step, or have been found to become."""
    known = ctx.loops.settled.setdefault(name, {})
    for carried, value in initial.items():
        found = None if value is None else value.type
        known[carried] = joined(known.get(carried), found) or found
    return known


def joined(old: ValueType | None, new: ValueType | None) -> ValueType | None:
    """The type that fits both: all plates, float where one is int; None where there is none."""
    if old is None or new is None or old.shape != new.shape:
        return None
    if old.dtype != new.dtype and {old.dtype, new.dtype} != {"int", "float"}:
        return None
    dtype = old.dtype if old.dtype == new.dtype else "float"
    return ValueType(old.plates | new.plates, old.shape, dtype)


def _settled(reading: _Reading) -> Nodes | None:
    """The body, read with types that hold at the start of every step."""
    ctx, outside = reading.ctx, reading.ctx.problems
    while True:
        types = dict(ctx.types)
        ctx.problems = Problems()
        body, grown = _read_once(reading)
        found = ctx.problems.found
        if not grown and not ctx.loops.settling and any(p.code == "S332" for p in found):
            ctx.types, ctx.loops.settling = dict(types), True
            ctx.problems = Problems()
            _, grown = _read_once(reading)
            ctx.loops.settling = False
        if not grown:
            break
        ctx.types = types
    for problem in found:
        outside.add(problem)
    ctx.problems = outside
    return body


def _read_once(reading: _Reading) -> tuple[Nodes | None, bool]:
    """The body, and whether a step ended with more than it started with."""
    opened = dict(reading.ctx.opened)
    body = _body(reading)
    grown = _grown(reading)
    return body, grown or reading.ctx.opened != opened


def _body(reading: _Reading) -> Nodes | None:
    """The nodes of the body; None when one is wrong."""
    ctx, loops = reading.ctx, reading.ctx.loops
    reading.ends = {}
    for carried in reading.node.carried:
        ctx.define(carried.name, reading.known[carried.name.id])
    stop, outer = reading.stop, loops.mask
    steps = reading.node.body if stop is None else reading.node.body[:-1]
    if stop is not None:
        loops.mask = _alive(reading, stop)
    nodes = [_nodes(reading, step) for step in steps]
    if stop is not None:
        assert loops.mask is not None
        ending = stopping.stop(ctx, loops.mask, stop)
        nodes.append(_noted(reading, None if ending is None else [ending]))
    loops.mask = outer
    known = [part for part in nodes if part is not None]
    return tuple(n for part in known for n in part) if len(known) == len(nodes) else None


def _alive(reading: _Reading, stop: tree.StopWhen) -> Reference:
    """The truth value of the elements that have not stopped, at the start of a step."""
    name, outer = alive_of(reading.name), reading.outer
    first = ValueType(NO_PLATES, (), "bool") if outer is None else outer.mask.type
    type_ = joined(reading.known.get(name, first), first)
    assert type_ is not None
    reading.known[name] = type_
    reading.ctx.types[name] = type_
    reading.ctx.loops.home[name] = reading.name
    return Reference(name, type_, stop.condition.span)


def _nodes(reading: _Reading, step: tree.Step) -> Nodes | None:
    """What a step becomes, in a loop that stops with what its elements hold."""
    ctx = reading.ctx
    node = reading.read(ctx, step)
    if node is None:
        return None
    nodes = [node]
    if ctx.loops.mask is not None:
        nodes = list(stopping.masked(ctx, ctx.loops.mask, reading.known, node))
    return _noted(reading, nodes)


def _noted(reading: _Reading, nodes: list[graph.Node] | None) -> Nodes | None:
    """Note the types of what the nodes define, and in which loops they stand."""
    if nodes is None:
        return None
    loops = tuple(reading.ctx.loops.inside)
    for node in nodes:
        if isinstance(node, graph.Loop):
            _hold(reading, node)
        for name, type_ in _defined(node).items():
            if name in reading.known:
                _end(reading, name, type_, node)
    return tuple(
        replace(n, loops=loops) if isinstance(n, graph.Sample | graph.Cost | graph.Report) else n
        for n in nodes
    )


def _hold(reading: _Reading, inner: graph.Loop) -> None:
    """Note what a stopped element holds of an inner loop; the names of its body end with it."""
    for carried in inner.carried:
        if carried.name in reading.known:
            start = reading.known[carried.name]
            reading.ends[carried.name] = joined(start, carried.type)


def _defined(node: graph.Node) -> dict[str, ValueType | DistributionType]:
    match node:
        case graph.Compute(names=names, types=types):
            return dict(zip(names, types, strict=True))
        case graph.Sample(name=name, type=type_):
            return {name: type_}
        case graph.Cost(name=name, value=value, observed=False):
            return {name: value.type}
        case _:
            return {}


def _end(
    reading: _Reading, name: str, type_: ValueType | DistributionType, node: graph.Node
) -> None:
    """Note what a carried variable is from here on, and at the end of the step."""
    start = reading.known[name]
    end = joined(start, type_) if isinstance(type_, ValueType) else None
    if start is not None and end is None:
        place = next(c.span for c in reading.node.carried if c.name.id == name)
        reading.ctx.problems.add(_change(name, start, type_, node, place))
    reading.ctx.types[name] = reading.ends[name] = end


def _change(
    name: str,
    start: ValueType,
    end: ValueType | DistributionType,
    node: graph.Node,
    place: Span,
) -> Problem:
    """Why a variable cannot be carried."""
    if isinstance(end, DistributionType):
        return words.changes_type(name, node.span, "a distribution", start.dtype, place)
    if end.shape != start.shape:
        shapes = write_shape(end.shape), write_shape(start.shape)
        drawn = isinstance(node, graph.Sample) and node.distribution.type.family == "Categorical"
        if drawn and len(start.shape) == len(end.shape) + 1:
            return words.index_in_place_of_one_hot(name, node.span, *shapes, place)
        return words.changes_shape(name, node.span, *shapes, place)
    return words.changes_type(name, node.span, end.dtype, start.dtype, place)


def _grown(reading: _Reading) -> bool:
    """Whether a step ended with more than it started with; the next reading starts there."""
    grown = {
        name: end
        for name, end in reading.ends.items()
        if end is not None and end != reading.known[name]
    }
    reading.known.update(grown)
    return bool(grown)


def _carried(
    reading: _Reading, initial: dict[str, Value | None]
) -> tuple[graph.Carried, ...] | None:
    """The variables that are carried, those among them that only stopped elements look back at."""
    places = {c.name.id: c.span for c in reading.node.carried}
    found: list[graph.Carried] = []
    for name, type_ in reading.known.items():
        if type_ is None:
            return None
        span = places.get(name, reading.node.header)
        start = initial[name] if name in initial else _held_before(reading, name, type_, span)
        if start is None:
            return None
        found.append(graph.Carried(name, start, type_, span))
    return tuple(found)


def _held_before(reading: _Reading, name: str, type_: ValueType, span: Span) -> Value:
    """What an element holds before the first step of a loop: what it did when the last one ended.

    In an outermost loop every element is alive then.
    """
    outer = reading.outer
    if outer is None:
        return stopping.nothing(name, type_, span)
    if name == alive_of(reading.name):
        return replace(outer.mask, span=span)
    return outer.last(name, type_, span)
