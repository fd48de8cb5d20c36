"""Calls of the user's modules and functions: plates folded into one batch dimension and back."""

from __future__ import annotations

from storchc.emit.alignment import align
from storchc.emit.code import Code
from storchc.emit.context import Context, known_size
from storchc.ir.expression import CallUser, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, Passed
from storchc.ir.types import Plates, ValueType
from storchc.python.expressions import (
    NONE,
    Imported,
    Py,
    Sequence,
    call,
    index,
    literal,
    method,
    tuple_of,
)
from storchc.python.names import RUNTIME


def call_user(context: Context, value: CallUser) -> Code:
    """A call with one result."""
    callee = context.graph.callees[value.callee]
    result, stored = called(context, value, callee)
    return Code(checked(context, callee, 0, value.results[0], result, stored), stored)


def called(context: Context, value: CallUser, callee: Callee) -> tuple[Py, Plates]:
    """The bare call, and the plates that its results have once unfolded."""
    flat = [
        _operands(context, a, s) for a, s in zip(value.arguments, callee.arguments, strict=True)
    ]
    stored = frozenset().union(*(c.stored for group in flat for c, _ in group))
    if "stateful" in callee.flags:
        stored = context.storage.full(value.type.plates)
    arguments = [
        _argument(context, callee, group, passed, stored)
        for group, passed in zip(flat, callee.arguments, strict=True)
    ]
    trained = context.detached and callee.name in context.story.owned and callee.learns
    parts = [
        context.of_methods(callee.name) if trained else context.attribute(callee.name),
        *arguments,
    ]
    if stored and value.span in context.estimation.spared:
        parts.insert(0, context.runtime("distinct_rows"))
    if "nondiff" in callee.flags or _held_fixed(context, callee):
        parts.insert(0, context.runtime("without_gradient"))
    return call(parts[0], *parts[1:]), stored


def _held_fixed(context: Context, callee: Callee) -> bool:
    """Whether it is the model's, where only what methods own may learn; a frozen one never does."""
    if not context.detached or "frozen" in callee.flags:
        return False
    return callee.name not in context.story.owned


def _operands(
    context: Context, argument: Value | tuple[Value, ...], passed: Passed
) -> list[tuple[Code, ValueType]]:
    values = argument if isinstance(argument, tuple) else (argument,)
    return [
        (typed(context, value, wanted), wanted)
        for value, wanted in zip(values, passed.items, strict=True)
    ]


def typed(context: Context, value: Value, wanted: ValueType) -> Code:
    """The argument as a tensor of the dtype that the signature declares."""
    if wanted.dtype == "float":
        return context.as_float(value)
    return context.tensor(context.value(value), wanted.dtype)


def _argument(
    context: Context,
    callee: Callee,
    group: list[tuple[Code, ValueType]],
    passed: Passed,
    stored: Plates,
) -> Py:
    place = _folded if callee.folds else _spread
    codes = [place(context, code, wanted.rank, stored) for code, wanted in group]
    return Sequence("()", tuple(codes)) if passed.is_tuple else codes[0]


def _folded(context: Context, code: Code, rank: int, stored: Plates) -> Py:
    """``[N, *event]``."""
    if not stored:
        return index(code.py, NONE)
    expanded = context.expand(code, rank, stored)
    dims = len(context.storage.order(stored))
    if dims == 0:
        return index(expanded, NONE)
    return method(expanded, "flatten", literal(0), literal(dims - 1)) if dims > 1 else expanded


def _spread(context: Context, code: Code, rank: int, stored: Plates) -> Py:
    """Plates aligned, so that the function may broadcast."""
    return align(context.storage, code.py, code.stored, rank, stored)


def checked(
    context: Context, callee: Callee, position: int, wanted: ValueType, result: Py, stored: Plates
) -> Py:
    """The result with its plates, its shape and dtype checked against the signature."""
    constant = context.module.constants[f"{callee.name}:{position}"]
    arguments = [result, tuple_of(*context.plate_sizes(stored))]
    if any(s.value is None for s in wanted.shape):
        arguments.append(tuple_of(*(context.size(s) for s in wanted.shape)))
    return method(constant, "unfold" if callee.folds else "spread", *arguments)


def result_constant(graph: Graph, callee: Callee, wanted: ValueType, where: str) -> Py:
    """The module-level record that checks the only result of a callee."""
    return call(
        Imported("Result", RUNTIME),
        literal(callee.name),
        event_of(graph, wanted),
        literal(wanted.dtype),
        literal(where),
    )


def results_constant(callee: Callee, count: int, where: str) -> Py:
    """The module-level record that counts the results of a callee that has several."""
    return call(
        Imported("Results", RUNTIME),
        literal(callee.name),
        literal(", ".join(map(str, callee.results))),
        literal(count),
        literal(where),
    )


def one_of(graph: Graph, results: Py, position: int, wanted: ValueType) -> Py:
    """The module-level record that checks one of several results."""
    event = event_of(graph, wanted)
    return method(results, "result", literal(position), event, literal(wanted.dtype))


def event_of(graph: Graph, wanted: ValueType) -> Py:
    """The sizes of an event; those of free dims by what they are called."""
    sizes = (
        literal(str(s)) if s.value is None else known_size(graph, s, s.value) for s in wanted.shape
    )
    return tuple_of(*sizes)
