"""Expectations over single factors of an enumerated sample, as code.

Such a sample is stored with a row for each outcome of one factor, which all factors have there at
once; its weights tell the factors apart: ``[z, *plates, *batch event]``.
"""

from __future__ import annotations

from storchc.backend.code import Code
from storchc.backend.writer import Writer
from storchc.ir.expression import Expected, LogProbEach, Reference, Renamed
from storchc.ir.size import Shape
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
    tuple_of,
)


def expected(writer: Writer, value: Expected) -> Code:
    """``Σ w · value`` along the plate of the outcomes, each element with its factor's weights."""
    code = writer.as_float(value.value)
    weighing = writer.distribution_plates[value.sample] | {value.plate}
    stored = code.stored | weighing
    items: list[Py] = [ALL if p in weighing else NONE for p in writer.storage.order(stored)]
    items += _factors(writer, value)
    while items and items[-1] is ALL:
        items.pop()
    weight = member(writer.draw(value.sample), "weight")
    if writer.detached:
        weight = method(weight, "detach")
    summed = call(
        writer.runtime("weighted_sum"),
        index(weight, *items) if items else weight,
        writer.storage.align_whole(code.py, code.stored, stored),
        tuple_of(literal(writer.storage.dim(value.plate, stored))),
    )
    return Code(summed, stored - {value.plate})


def _factors(writer: Writer, value: Expected) -> list[Py]:
    """The index of the batch event that puts the factors where they stand in the value's event."""
    sizes: Shape = writer.graph.sample_by_name[value.sample].distribution.type.batch
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


def own_log_prob(writer: Writer, value: LogProbEach) -> Code | None:
    """The log-probabilities that the weights were made of, where it is these that are asked for."""
    if not isinstance(value.value, Reference):
        return None
    name = value.value.name
    if name not in writer.estimation.separation.samples:
        return None
    made = writer.graph.construction(value.distribution)
    law = writer.graph.sample_by_name[name].distribution
    if made is not writer.graph.construction(law):
        return None
    code = member(writer.draw(name), "log_prob")
    return Code(code, writer.distribution_plates[name] | {name})


def renamed(writer: Writer, value: Renamed) -> Code:
    """The same tensor: its outcomes stand along another plate."""
    code = writer.value(value.value)
    stored = frozenset(value.copy if p == value.plate else p for p in code.stored)
    return Code(code.py, stored, code.plain)
