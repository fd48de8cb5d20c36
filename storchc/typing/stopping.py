"""`stop when`: what an element that has stopped holds (LANGUAGE.md, "for").

What a step makes is wrapped in a choice: an element that has stopped keeps its last value, and its
costs are 0. So the stages after this one see nothing but carried variables and `where`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from storchc.diagnostics import loops as words
from storchc.ir import graph
from storchc.ir.expression import CallUser, Construct, Literal, Named, Reference, Value
from storchc.ir.types import NO_PLATES, ValueType, write_shape
from storchc.records import dataclass
from storchc.source import Span
from storchc.syntax import tree
from storchc.typing import expressions
from storchc.typing.application import operate
from storchc.typing.context import Context

Types = dict[str, ValueType | None]


def stop(ctx: Context, alive: Reference, node: tree.StopWhen) -> graph.Compute | None:
    """The node that ends a step: alive are those whose condition does not hold."""
    condition = expressions.value(ctx, node.condition)
    if condition is None:
        return None
    place, type_ = node.condition.span, condition.type
    if type_.dtype != "bool":
        ctx.problems.add(words.condition_type(place, type_.dtype))
        return None
    if type_.shape:
        ctx.problems.add(words.condition_shape(place, write_shape(type_.shape)))
        return None
    going = operate("logical_not", (condition,), place)
    left = operate("logical_and", (alive, going), place)
    return graph.Compute((alive.name,), left, (left.type,), node.span)


@dataclass(frozen=True, slots=True)
class Outer:
    """A loop that stops, or that stands in one, as the loops in it see it.

    ``mask`` says which elements have not stopped, ``known`` are the types of what it carries.
    ``kept`` names those variables that the inner loop carries whose last values are looked at.
    """

    mask: Reference
    known: Types
    kept: frozenset[str]

    def last(self, name: str, type_: ValueType, span: Span) -> Reference:
        """What a variable of the inner loop was when that ended last."""
        held = replace(type_, plates=type_.plates | self.mask.type.plates)
        known = self.known.setdefault(name, held) or held
        return Reference(name, known, span)


def around(ctx: Context, node: tree.For) -> Outer | None:
    """What a loop sees of the one around it where that can stop elements, else None."""
    loops = ctx.loops
    if loops.mask is None:
        return None
    known = loops.settled[loops.inside[-1]]
    drawn = {s.name.id for s in node.body if isinstance(s, tree.Sample)}
    kept = {c.name.id for c in node.carried} & (drawn | loops.sequenced | known.keys())
    return Outer(loops.mask, known, frozenset(kept))


def resumed(outer: Outer, name: str, value: Value, span: Span) -> Value:
    """What a variable starts an inner loop with: an element that has stopped holds its last."""
    last = outer.last(name, value.type, span)
    if last.type.shape != value.type.shape:  # reported as a change of a carried variable
        return value
    return operate("where", (outer.mask, value, last), span)


def nothing(name: str, type_: ValueType, span: Span) -> Literal:
    """What stands for a value before the first step, in which every element is alive."""
    started = ValueType(NO_PLATES, type_.shape, type_.dtype)
    if name.startswith("_alive"):
        return Literal(True, started, span)
    zeros: dict[str, int | float | bool] = {"float": 0.0, "int": 0, "bool": False}
    return Literal(zeros[type_.dtype], started, span)


def masked(ctx: Context, mask: Reference, known: Types, node: graph.Node) -> Iterator[graph.Node]:
    """The node as it acts on elements that may have stopped; ``known`` types are carried."""
    match node:
        case graph.Compute(value=CallUser() as call) if len(node.names) > 1:
            yield from _several(ctx, mask, known, node, call)
        case graph.Compute(value=Construct() | Named()):
            yield node
        case graph.Compute(names=(name,)):
            assert not isinstance(node.value, Construct | Named)
            yield _held(ctx, mask, known, name, node.value, node.span)
        case graph.Sample():
            type_ = replace(node.type, plates=node.type.plates | mask.type.plates)
            ctx.types[node.name] = type_
            known.setdefault(node.name, type_)
            if not node.joins:
                ctx.opened[node.name] = type_.plates
            yield replace(node, type=type_, mask=mask)
        case graph.Cost():
            yield _paid(ctx, mask, node)
        case graph.Report(name=name, value=value) if not _names(value, name):
            held = _held(ctx, mask, known, f"_{name}", value, node.span, always=True)
            yield held
            yield replace(node, value=Reference(f"_{name}", _type(held), node.span))
        case _:
            yield node


def _several(
    ctx: Context, mask: Reference, known: Types, node: graph.Compute, call: CallUser
) -> Iterator[graph.Node]:
    """A call with several results: these first, then what is held of each."""
    fresh = tuple(f"_new_{name}" for name in node.names)
    home = ctx.loops.inside[-1]
    for name, type_ in zip(fresh, call.results, strict=True):
        ctx.types[name], ctx.loops.home[name] = type_, home
    yield graph.Compute(fresh, call, call.results, node.span)
    for name, new, type_ in zip(node.names, fresh, call.results, strict=True):
        yield _held(ctx, mask, known, name, Reference(new, type_, node.span), node.span)


def _held(
    ctx: Context,
    mask: Reference,
    known: Types,
    name: str,
    value: Value,
    span: Span,
    *,
    always: bool = False,
) -> graph.Compute:
    """A value, and its last one where an element has stopped and something looks at it then."""
    if name not in known and name not in ctx.loops.sequenced and not always:
        return graph.Compute((name,), value, (value.type,), span)
    plates = value.type.plates | mask.type.plates
    before = known.get(name) or replace(value.type, plates=plates)
    if before.shape != value.type.shape:  # reported as a change of a carried variable
        return graph.Compute((name,), value, (value.type,), span)
    held = operate("where", (mask, value, Reference(name, before, span)), span)
    known.setdefault(name, held.type)
    ctx.types[name] = held.type
    ctx.loops.home[name] = ctx.loops.inside[-1]
    return graph.Compute((name,), held, (held.type,), span)


def _type(node: graph.Compute) -> ValueType:
    (type_,) = node.types
    assert isinstance(type_, ValueType)
    return type_


def _names(value: Value, name: str) -> bool:
    return isinstance(value, Reference) and value.name == name


def _paid(ctx: Context, mask: Reference, node: graph.Cost) -> graph.Cost:
    """A cost, and 0 where an element has stopped; a value that is made a cost stays as it is."""
    free = Literal(0.0, ValueType(NO_PLATES, ()), node.span)
    value = operate("where", (mask, node.value, free), node.span)
    apart = node.observed or _names(node.value, node.name)
    if not apart:
        ctx.types[node.name] = value.type
    return replace(node, value=value, observed=apart)
