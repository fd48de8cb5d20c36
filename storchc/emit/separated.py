"""Expectations over single factors of an enumerated sample, as code.

Such a sample is stored with a row for each outcome of one factor, which all factors have there at
once; its weights tell the factors apart: ``[z, *plates, *batch event]``.
"""

from __future__ import annotations

from storchc.emit.alignment import align_whole
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.ir.expression import Expected, LogProb, Reference, Renamed
from storchc.ir.size import Shape
from storchc.program.slots import Slot
from storchc.python.expressions import (
    ALL,
    NONE,
    Py,
    SliceOf,
    call,
    index,
    literal,
    member,
    method,
)


def expected(context: Context, value: Expected) -> Code:
    """``Σ w · value`` along the plate of the outcomes, each element with its factor's weights."""
    code = context.as_float(value.value)
    weighing = context.held[Slot("law", value.sample)].stored | {value.plate}
    stored = code.stored | weighing
    items: list[Py] = [ALL if p in weighing else NONE for p in context.storage.order(stored)]
    items += _factors(context, value)
    while items and items[-1] is ALL:
        items.pop()
    weight = member(context.draw(value.sample), "weight")
    if context.detached or value.cut:
        weight = method(weight, "detach")
    summed = call(
        context.runtime("weighted_sum"),
        index(weight, *items) if items else weight,
        align_whole(context.storage, code.py, code.stored, stored),
        dim=literal(context.storage.dim(value.plate, stored)),
    )
    return Code(summed, stored - {value.plate})


def _factors(context: Context, value: Expected) -> list[Py]:
    """The index of the batch event that puts the factors where they stand in the value's event."""
    sizes: Shape = context.graph.sample_by_name[value.sample].distribution.type.batch
    items: list[Py] = []
    at = -value.value.type.rank
    dims = iter(value.dims)
    for item, size in zip(value.items, sizes, strict=True):
        if isinstance(item, int):
            items.append(literal(item))
            continue
        dim = next(dims)
        items += [NONE] * (dim - at)
        items.append(_range(item, size.value))
        at = dim + 1
    return items + [NONE] * -at


def _range(factors: range, size: int | None) -> Py:
    if factors == range(size or 0):
        return ALL
    start = literal(factors.start) if factors.start else None
    stop = None if factors.stop == size else literal(factors.stop)
    return SliceOf(start, stop, None if factors.step == 1 else literal(factors.step))


def own_log_prob(context: Context, value: LogProb) -> Code | None:
    """The log-probabilities that the weights were made of, where it is these that are asked for."""
    if not value.type.shape or not isinstance(value.value, Reference):
        return None
    name = value.value.name
    if name not in context.estimation.separation.samples:
        return None
    made = context.graph.construction(value.distribution)
    law = context.graph.sample_by_name[name].distribution
    if made is not context.graph.construction(law):
        return None
    code = member(context.draw(name), "log_prob")
    return Code(code, context.held[Slot("law", name)].stored | {name})


def renamed(context: Context, value: Renamed) -> Code:
    """The same tensor: its outcomes stand along another plate."""
    code = context.value(value.value)
    stored = frozenset(value.copy if p == value.plate else p for p in code.stored)
    return Code(code.py, stored, code.plain)
