"""Calls of the user's modules and functions: plates folded into one batch dimension and back."""

from __future__ import annotations

from storchc.backend.code import Code
from storchc.backend.writer import Writer
from storchc.ir.expression import CallUser, Value
from storchc.ir.nodes import Callee, Slot
from storchc.ir.types import Plates, ValueType
from storchc.python.expressions import (
    NONE,
    Py,
    Sequence,
    call,
    index,
    literal,
    method,
    name,
    tuple_of,
)


def call_user(writer: Writer, value: CallUser, *, apart: bool = False) -> Code:
    """A call with one result; ``apart`` gives it a statement and a name of its own."""
    callee = writer.graph.callees[value.callee]
    result, stored = called(writer, value, callee)
    code = Code(checked(writer, callee, 0, value.results[0], result, stored), stored)
    if not apart or writer.block is None:
        return code
    target = writer.identifiers.local(f"{callee.name}_out")
    writer.block.assign(target, code.py)
    return Code(name(target), stored)


def called(writer: Writer, value: CallUser, callee: Callee) -> tuple[Py, Plates]:
    """The bare call, and the plates that its results have once unfolded."""
    flat = [_operands(writer, a, s) for a, s in zip(value.arguments, callee.arguments, strict=True)]
    stored = frozenset().union(*(c.stored for group in flat for c, _ in group))
    if "stateful" in callee.flags:
        stored = writer.storage.full(value.type.plates)
    arguments = [
        _argument(writer, callee, group, slot, stored)
        for group, slot in zip(flat, callee.arguments, strict=True)
    ]
    trained = writer.detached and callee.name in writer.owned and callee.kind == "module"
    parts = [writer.of_methods(callee.name) if trained else writer.own(callee.name), *arguments]
    if stored and value.span in writer.estimation.spared:
        parts.insert(0, writer.runtime("distinct_rows"))
    if "nondiff" in callee.flags or (writer.detached and callee.name not in writer.owned):
        parts.insert(0, writer.runtime("without_gradient"))
    return call(parts[0], *parts[1:]), stored


def _operands(
    writer: Writer, argument: Value | tuple[Value, ...], slot: Slot
) -> list[tuple[Code, ValueType]]:
    values = argument if isinstance(argument, tuple) else (argument,)
    return [
        (_typed(writer, value, wanted), wanted)
        for value, wanted in zip(values, slot.items, strict=True)
    ]


def _typed(writer: Writer, value: Value, wanted: ValueType) -> Code:
    """The argument as a tensor of the dtype that the signature declares."""
    if wanted.dtype == "float":
        return writer.as_float(value)
    return writer.tensor(writer.value(value), wanted.dtype)


def _argument(
    writer: Writer,
    callee: Callee,
    group: list[tuple[Code, ValueType]],
    slot: Slot,
    stored: Plates,
) -> Py:
    place = _folded if callee.folds else _spread
    codes = [place(writer, code, wanted.rank, stored) for code, wanted in group]
    return Sequence("()", tuple(codes)) if slot.is_tuple else codes[0]


def _folded(writer: Writer, code: Code, rank: int, stored: Plates) -> Py:
    """``[N, *event]``."""
    if not stored:
        return index(code.py, NONE)
    expanded = writer.expand(code, rank, stored)
    dims = len(writer.storage.order(stored))
    if dims == 0:
        return index(expanded, NONE)
    return method(expanded, "flatten", literal(0), literal(dims - 1)) if dims > 1 else expanded


def _spread(writer: Writer, code: Code, rank: int, stored: Plates) -> Py:
    """Plates aligned, so that the function may broadcast."""
    return writer.storage.align(code.py, code.stored, rank, stored)


def checked(
    writer: Writer, callee: Callee, position: int, wanted: ValueType, result: Py, stored: Plates
) -> Py:
    """The result with its plates, its shape and dtype checked against the signature."""
    constant = writer.constants[f"{callee.name}:{position}"]
    arguments = [result, tuple_of(*writer.plate_sizes(stored))]
    if any(s.value is None for s in wanted.shape):
        arguments.append(tuple_of(*(writer.size(s) for s in wanted.shape)))
    return method(constant, "unfold" if callee.folds else "spread", *arguments)


def result_constant(writer: Writer, callee: Callee, wanted: ValueType, where: str) -> Py:
    """The module-level record that checks the only result of a callee."""
    return call(
        writer.runtime("Result"),
        literal(callee.name),
        _event(wanted),
        literal(wanted.dtype),
        literal(where),
    )


def results_constant(writer: Writer, callee: Callee, count: int, where: str) -> Py:
    """The module-level record that counts the results of a callee that has several."""
    return call(
        writer.runtime("Results"),
        literal(callee.name),
        literal(", ".join(map(str, callee.results))),
        literal(count),
        literal(where),
    )


def one_of(results: Py, position: int, wanted: ValueType) -> Py:
    """The module-level record that checks one of several results."""
    return method(results, "result", literal(position), _event(wanted), literal(wanted.dtype))


def _event(wanted: ValueType) -> Py:
    event = (literal(str(s)) if s.value is None else literal(s.value) for s in wanted.shape)
    return tuple_of(*event)
