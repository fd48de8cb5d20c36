"""A function of the catalogue applied to values: its shape rule, and its result if known now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storchc.catalogue import functions
from storchc.catalogue.function import Arguments, Function, Misfit
from storchc.diagnostics import shapes as words
from storchc.diagnostics.diagnostic import Problem
from storchc.ir import size as sizes
from storchc.ir.expression import Apply, Extent, Literal, Setting, Value
from storchc.ir.size import Size
from storchc.ir.types import NO_PLATES, Dtype, Plates, ValueType, united
from storchc.source import Span
from storchc.typing.context import Refused

INT = ValueType(NO_PLATES, (), "int")
_LARGEST = 2**63 - 1
_OF_SIZES = {
    "add": sizes.add,
    "subtract": sizes.subtract,
    "multiply": sizes.multiply,
    "floor_divide": sizes.floor_divide,
}


def plates_of(values: Iterable[Value]) -> Plates:
    """The union of the plates of several values."""
    return united(value.type.plates for value in values)


def operate(name: str, operands: tuple[Value, ...], span: Span) -> Value:
    """An operator applied to values; of sizes it is a size again."""
    entry = functions.lookup(name)
    assert entry is not None
    return _of_sizes(name, operands, span) or apply(entry, operands, {}, span)


def apply(
    entry: Function, operands: tuple[Value, ...], settings: Mapping[str, Setting], span: Span
) -> Value:
    """A function applied to values."""
    types = tuple(operand.type for operand in operands)
    numbers = tuple(o.value if isinstance(o, Literal) else None for o in operands)
    try:
        outcome = entry.infer(Arguments(types, numbers, settings))
    except Misfit as misfit:
        raise Refused(_misfit(misfit, operands, span)) from None
    known = [number for number in numbers if number is not None]
    if entry.fold is not None and not settings and known and len(known) == len(operands):
        return _folded(entry, known, outcome.dtype, span)
    type_ = ValueType(plates_of(operands), outcome.shape, outcome.dtype)
    return Apply(entry.name, operands, settings, type_, span)


def _misfit(misfit: Misfit, operands: tuple[Value, ...], span: Span) -> Problem:
    place = misfit.operand
    at = span if place is None or place >= len(operands) else operands[place].span
    return words.misfit(at, misfit.message, misfit.help)


def _folded(entry: Function, numbers: list[int | float | bool], dtype: Dtype, span: Span) -> Value:
    assert entry.fold is not None
    result = entry.fold(*numbers)
    if isinstance(result, int) and abs(result) > _LARGEST:
        raise Refused(words.number_too_large(span))
    if dtype != "int":
        result = float(result) if dtype == "float" else bool(result)
    return Literal(result, ValueType(NO_PLATES, (), dtype), span)


def _of_sizes(name: str, operands: tuple[Value, ...], span: Span) -> Value | None:
    """An operation on sizes of which one is known at run time only."""
    if name not in _OF_SIZES or not any(isinstance(o, Extent) for o in operands):
        return None
    left, right = (_size(operand) for operand in operands)
    if left is None or right is None or (name == "floor_divide" and not right.terms):
        return None
    result = _OF_SIZES[name](left, right)
    if result.value is not None:
        return Literal(result.value, INT, span)
    return Extent(result, INT, span)


def _size(value: Value) -> Size | None:
    match value:
        case Extent(size=size):
            return size
        case Literal(value=int(number)) if not isinstance(number, bool):
            return sizes.constant(number)
        case _:
            return None
