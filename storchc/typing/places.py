"""Going into a loop and leaving it: what its steps see, and the names that end with it."""

from __future__ import annotations

from dataclasses import replace

from storchc.ir.names import alive_of
from storchc.ir.size import Size
from storchc.ir.types import NO_PLATES, ValueType
from storchc.syntax import tree
from storchc.typing.context import Context, Place, Refused
from storchc.typing.names import values_of
from storchc.typing.sizes import event_size

ALIVE = ValueType(NO_PLATES, (), "bool")
"""Who is alive, before it is known along which plates elements stop."""


def stop_of(node: tree.For) -> tree.StopWhen | None:
    """The last statement of a loop, where that stops elements."""
    last = node.body[-1]
    return last if isinstance(last, tree.StopWhen) else None


def enter(ctx: Context, node: tree.For) -> Context:
    """The context of a loop's body; it shares all tables with the one of the loop."""
    name, around = _named(ctx, node), ctx.place
    ctx.loops.headers[name], ctx.loops.bounds[name] = node.header, _bound(ctx, node)
    ctx.loops.parents[name] = around.inside[-1] if around.inside else None
    place = replace(
        around,
        inside=(*around.inside, name),
        counters=around.counters | {node.counter.id},
        alive=around.alive if stop_of(node) is None else alive_of(name),
    )
    if stop_of(node) is not None:
        ctx.types[alive_of(name)] = ctx.loops.settled.get(alive_of(name), ALIVE)
        ctx.loops.home[alive_of(name)] = name
    return replace(ctx, place=place)


def _named(ctx: Context, node: tree.For) -> str:
    """The loop's own name: its counter's, told apart from those of other loops."""
    loops, counter = ctx.loops, node.counter.id
    if node.header not in loops.names:
        same = loops.counted.get(counter, 0)
        loops.counted[counter] = same + 1
        loops.names[node.header] = f"{counter}#{same + 1}" if same else counter
    return loops.names[node.header]


def _bound(ctx: Context, node: tree.For) -> Size | None:
    try:
        return event_size(ctx, node.bound)
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        return None


def leave(ctx: Context, node: tree.For) -> None:
    """Names of the body end with the loop; the carried ones keep their last value."""
    loops, name = ctx.loops, ctx.loops.names[node.header]
    kept = {carried.name.id for carried in node.carried}
    local = [n.id for step in node.body for n in values_of(step) if n.id not in kept]
    for ending in (alive_of(name), *local):
        if loops.home.get(ending) == name and ending in ctx.types:
            loops.ended[ending] = ctx.types.pop(ending)
    ctx.place = behind(ctx, node)


def behind(ctx: Context, node: tree.For) -> Place:
    """The place of the steps behind a loop."""
    if stop_of(node) is None:
        return ctx.place
    return replace(ctx.place, ended=alive_of(ctx.loops.names[node.header]))
