"""``mean(f, over=p)`` and its kin: the only operations that remove plates."""

from __future__ import annotations

from storchc.catalogue import functions
from storchc.catalogue.function import Arguments, Function
from storchc.diagnostics import options as option_words
from storchc.diagnostics import plates as words
from storchc.ir.expression import OverPlates, Value
from storchc.ir.types import Dtype, ValueType
from storchc.syntax import tree
from storchc.typing import expressions
from storchc.typing.context import Context, Refused


def reduce(ctx: Context, node: tree.Call, entry: Function, over: tree.Keyword) -> Value | None:
    """The typed reduction of plates."""
    name = entry.name
    if entry.over is None:
        reductions = functions.plate_reductions()
        raise Refused(words.over_elsewhere(over.name.span, name, reductions))
    operand = _operand(node, entry, over)
    value = expressions.value(ctx, operand)
    plates = _plates(ctx, over.value)
    if value is None:
        return None
    for i, plate in enumerate(plates):
        _check(ctx, entry, plate, value)
        if plate in plates[:i]:
            raise Refused(words.plate_twice(plate))
    left = value.type.plates.difference(plate.id for plate in plates)
    type_ = ValueType(left, value.type.shape, _dtype(entry, value))
    return OverPlates(name, value, tuple(plate.id for plate in plates), type_, node.span)


def _operand(node: tree.Call, entry: Function, over: tree.Keyword) -> tree.Expression:
    """The only argument beside ``over``."""
    first = entry.parameters[0].name
    named = next((k.value for k in node.keywords if k.name.id == first), None)
    for keyword in node.keywords:
        if keyword is not over and keyword.name.id != first:
            raise Refused(words.over_with(keyword.span, keyword.name.id))
    if len(node.args) > 1:
        raise Refused(words.over_with(node.args[1].span, entry.parameters[1].name))
    operand = node.args[0] if node.args else named
    if operand is None:
        call = f"{entry.name}({first}, over)"
        raise Refused(option_words.missing_argument(node.span, entry.name, first, call))
    return operand


def _plates(ctx: Context, over: tree.Expression) -> list[tree.Name]:
    """The plates to reduce."""
    listed = over.items if isinstance(over, tree.ListOf) else (over,)
    if not listed:
        raise Refused(words.over_not_plates(over.span))
    return [_plate(ctx, item) for item in listed]


def _plate(ctx: Context, item: tree.Expression) -> tree.Name:
    """The name of a plate that exists here."""
    if not isinstance(item, tree.Name):
        raise Refused(words.over_not_plates(item.span))
    if item.id in ctx.joined:
        raise Refused(words.joined_plate(item, ctx.joined[item.id]))
    if item.id not in ctx.data_plates and item.id not in ctx.opened:
        raise ctx.refuse(item, "plate")
    return item


def _check(ctx: Context, entry: Function, plate: tree.Name, value: Value) -> None:
    if plate.id not in value.type.plates and not ctx.growing:
        raise Refused(words.plate_lacking(plate, sorted(value.type.plates)))
    samples = entry.over is not None and entry.over.samples
    if plate.id in ctx.opened and not samples:
        raise Refused(words.sample_plate(plate, entry.name))


def _dtype(entry: Function, value: Value) -> Dtype:
    """The dtype is that of the same reduction of the event."""
    whole = {"dim": None, "keepdim": False}
    return entry.infer(Arguments((value.type,), (None,), whole)).dtype
