"""Loops: their steps, and whether these leave what they take.

The types of what is carried are found first (`growth.py`). Then a body is read once, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from storchc.diagnostics import loops as words
from storchc.diagnostics.diagnostic import Problem
from storchc.ir import nodes
from storchc.ir.expression import Value
from storchc.ir.types import DistributionType, ValueType, write_shape
from storchc.syntax import tree
from storchc.typing import expressions, stopping
from storchc.typing.context import Context
from storchc.typing.growth import Reader, grown, joined
from storchc.typing.names import values_of
from storchc.typing.places import enter, leave, stop_of

Nodes = tuple[nodes.Node, ...]

_DEEPEST = 16
"""Loops inside of one another; Python has no more than 20 blocks so."""


def read_loop(ctx: Context, node: tree.For, read: Reader) -> nodes.Loop | None:
    """The typed loop; None when something in it is wrong, which is reported then.

    ``read`` reads the steps of the body.
    """
    initial = {c.name.id: expressions.value(ctx, c.value) for c in node.carried}
    _check_depth(ctx, node)
    if not ctx.place.inside:
        _open_plates(ctx, node.body)
        ctx.loops.settled.update(grown(ctx, node, read))
    inner = enter(ctx, node)
    carried = _carried(inner, node, initial)
    body = _body(inner, node, carried, read)
    last = stop_of(node)
    stop = None if last is None else stopping.read_stop(inner, last)
    leave(ctx, node)
    name = inner.place.inside[-1]
    bound = ctx.loops.bounds[name]
    known = tuple(c for c in carried.values() if c is not None)
    if (last is not None and stop is None) or len(known) < len(carried):
        return None
    if bound is None or body is None:
        return None
    return nodes.Loop(name, node.counter.id, bound, known, body, None, node.header, node.span, stop)


def _check_depth(ctx: Context, node: tree.For) -> None:
    if len(ctx.place.inside) == _DEEPEST:
        help = "put several counters into one: `t // N` and `t % N`"
        what = f"more than {_DEEPEST} loops inside of one another"
        ctx.problems.add(words.not_compiled(node.header, what, help))


def _open_plates(ctx: Context, body: tuple[tree.Step, ...]) -> None:
    """A sample opens its plate when the outermost loop is entered."""
    for step in body:
        if isinstance(step, tree.For):
            _open_plates(ctx, step.body)
        elif isinstance(step, tree.Sample) and step.plate is None:
            ctx.opened.setdefault(step.name.id, frozenset({step.name.id}))


def _carried(
    inner: Context, node: tree.For, initial: Mapping[str, Value | None]
) -> dict[str, nodes.Carried | None]:
    """The carried variables with the types that they have in every step; None for wrong ones."""
    found: dict[str, nodes.Carried | None] = {}
    for carried in node.carried:
        name, value = carried.name.id, initial[carried.name.id]
        if value is None:
            inner.define(carried.name, None)
            found[name] = None
            continue
        type_ = joined(inner.loops.settled.get(name), value.type) or value.type
        inner.define(carried.name, type_)
        found[name] = nodes.Carried(name, value, type_, carried.span)
    return found


def _body(
    ctx: Context, node: tree.For, carried: Mapping[str, nodes.Carried | None], read: Reader
) -> Nodes | None:
    """The nodes of the body; None when one is wrong."""
    steps = [step for step in node.body if not isinstance(step, tree.StopWhen)]
    steps_read = [_step(ctx, step, carried, read) for step in steps]
    known = tuple(found for found in steps_read if found is not None)
    return known if len(known) == len(steps_read) else None


def _step(
    ctx: Context, step: tree.Step, carried: Mapping[str, nodes.Carried | None], read: Reader
) -> nodes.Node | None:
    """A step with the types that it has in a loop, and the loops that it stands in."""
    node = read(ctx, step)
    stopping.hold(ctx, step)
    if node is None:
        return None
    node = stopping.with_types(ctx, node)
    for name in values_of(step):
        if name.id in carried:
            ctx.types[name.id] = _end(ctx, carried[name.id], node)
    if isinstance(node, nodes.Sample | nodes.Cost | nodes.Report):
        return replace(node, loops=ctx.place.inside)
    return node


def _end(ctx: Context, carried: nodes.Carried | None, node: nodes.Node) -> ValueType | None:
    """What a carried variable is from here on, and at the end of the step."""
    type_ = None if carried is None else ctx.types[carried.name]
    if carried is None or type_ is None:
        return None
    end = joined(carried.type, type_) if isinstance(type_, ValueType) else None
    if end is None:
        ctx.problems.add(_change(carried, type_, node))
    return end


def _change(carried: nodes.Carried, end: ValueType | DistributionType, node: nodes.Node) -> Problem:
    """Why a variable cannot be carried."""
    name, start, place = carried.name, carried.type, carried.span
    if isinstance(end, DistributionType):
        return words.changes_type(name, node.span, "a distribution", start.dtype, place)
    if end.shape != start.shape:
        shapes = write_shape(end.shape), write_shape(start.shape)
        drawn = isinstance(node, nodes.Sample) and node.distribution.type.family == "Categorical"
        if drawn and len(start.shape) == len(end.shape) + 1:
            return words.index_in_place_of_one_hot(name, node.span, *shapes, place)
        return words.changes_shape(name, node.span, *shapes, place)
    return words.changes_type(name, node.span, end.dtype, start.dtype, place)
