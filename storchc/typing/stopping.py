"""`stop when`, as far as types go (LANGUAGE.md, "for").

Elements stop by themselves, so whatever one that has stopped still holds has the plates of the
truth value that says which are alive. The nodes stay as the story has them.
"""

from __future__ import annotations

from dataclasses import replace

from storchc.diagnostics import loops as words
from storchc.ir import nodes
from storchc.ir.types import NO_PLATES, DistributionType, Plates, ValueType, write_shape
from storchc.syntax import tree
from storchc.typing import expressions
from storchc.typing.context import Context
from storchc.typing.names import values_of


def read_stop(ctx: Context, node: tree.StopWhen) -> nodes.Stop | None:
    """The typed condition; None when it is wrong, which is reported then."""
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
    return nodes.Stop(condition, node.span)


def plates_of_alive(ctx: Context) -> Plates:
    """The plates of the elements that stop by themselves here."""
    alive = None if ctx.place.alive is None else ctx.types[ctx.place.alive]
    return NO_PLATES if alive is None else alive.plates


def hold(ctx: Context, step: tree.Step) -> None:
    """Give what a step has just defined the types that it has where elements stop."""
    plates = plates_of_alive(ctx)
    for name in values_of(step) if ctx.place.alive is not None else ():
        type_ = ctx.types[name.id]
        if isinstance(type_, ValueType):
            ctx.types[name.id] = _held(ctx, step, name, type_, plates)
    if isinstance(step, tree.Sample) and step.plate is None:
        own = ctx.opened[step.name.id]
        ctx.opened[step.name.id] = None if own is None else own | plates


def _held(
    ctx: Context, step: tree.Step, name: tree.Name, type_: ValueType, alive: Plates
) -> ValueType:
    """The type of a value that a stopped element holds, or of a cost of which it pays nothing."""
    match step:
        case tree.Cost(value=tree.Name(id=itself)) if itself == name.id:
            return type_
        case tree.Cost():  # where it has stopped it is the number 0.0
            return ValueType(type_.plates | alive, type_.shape, "float")
        case tree.Compute() if not is_looked_at(ctx, name.id):
            return type_
        case _:
            return replace(type_, plates=type_.plates | alive)


def is_looked_at(ctx: Context, name: str) -> bool:
    """Whether something looks at what ``name`` is in steps that do not count."""
    return name in ctx.loops.sequenced or ctx.scope.kind(name) == "carried"


def with_types(ctx: Context, node: nodes.Node) -> nodes.Node:
    """A node with the types that its names have been given."""
    match node:
        case nodes.Compute(names=names, types=types):
            found = tuple(ctx.types[n] or type_ for n, type_ in zip(names, types, strict=True))
            return replace(node, types=found)
        case nodes.Sample(name=name):
            type_ = ctx.types[name]
            assert not isinstance(type_, DistributionType)
            return node if type_ is None else replace(node, type=type_)
        case _:
            return node
