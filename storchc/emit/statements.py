"""Computed values, costs and reports as statements."""

from __future__ import annotations

from storchc.emit.calls import call_user, called, checked
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.distributions import distribution
from storchc.emit.written import Written, assigned, nothing, settled, shape
from storchc.ir.expression import CallUser, Construct, Distribution, Named, Value
from storchc.ir.nodes import Passed
from storchc.ir.types import NO_PLATES, Dtype, ValueType
from storchc.program.slots import Slot
from storchc.program.statements import Alias, Bind, Unpack
from storchc.python.expressions import Local, Py, method, tuple_of
from storchc.python.statements import Assign, Statement


def compute(context: Context, operation: Bind) -> Written:
    """The value of an expression, under its name."""
    context = context.of(operation.apart, detached=operation.detached)
    if isinstance(operation.value, Construct | Named):
        return _law(context, operation, operation.value)
    code = _converted(context, operation.value, operation.type.dtype)
    if operation.target.kind == "call":
        return assigned(context, operation.target, code)
    type_ = operation.type
    assert isinstance(type_, ValueType)
    code = settled(context, code, type_, operation.settled)
    shown = shape(context, type_, code.stored)
    return assigned(context, operation.target, code, shown)


def _law(context: Context, operation: Bind, value: Distribution) -> Written:
    made = distribution(context, value, NO_PLATES, tensor=True)
    return assigned(context, operation.target, made, shape(context, value.type, made.stored))


def _converted(context: Context, value: Value, dtype: Dtype) -> Code:
    """The value of a statement: a call needs no second name."""
    if isinstance(value, CallUser):
        code = call_user(context, value)
    else:
        code = context.tensor(context.value(value), value.type.dtype)
    return code if dtype == value.type.dtype else context.floated(code, value.type.dtype)


def alias(context: Context, operation: Alias) -> Written:
    """What another slot holds, as a floating tensor."""
    code = context.floated(context.held[operation.source], operation.dtype)
    return nothing(operation.target, code)


def unpack(context: Context, operation: Unpack) -> Written:
    """A call with several results, each checked and under its name."""
    context = context.of(operation.apart, detached=operation.detached)
    value, callee = operation.value, context.graph.callees[operation.value.callee]
    result, stored = called(context, value, callee)
    targets = [context.target(slot) for slot in operation.targets]
    counted = method(context.module.constants[callee.name], "counted", result)
    statements: list[Statement] = [Assign(_pattern(callee.results, targets), counted)]
    filled: dict[Slot, Code] = {}
    for position, (slot, wanted) in enumerate(zip(operation.targets, value.results, strict=True)):
        target = targets[position]
        each = checked(context, callee, position, wanted, target, stored)
        code = settled(context, Code(each, stored), wanted, operation.settled[position])
        shown = shape(context, operation.types[position], code.stored)
        statements.append(Assign(target, code.py, shown))
        filled[slot] = Code(target, code.stored)
    return Written(tuple(statements), filled)


def _pattern(results: tuple[Passed, ...], targets: list[Local]) -> Py:
    """``a, (b, c)``: the targets in the form of the callee's results."""
    parts, left = list[Py](), list[Py](targets)
    for result in results:
        size = len(result.items)
        taken, left = left[:size], left[size:]
        grouped = result.is_tuple and len(results) > 1
        parts += [tuple_of(*taken)] if grouped else taken
    return tuple_of(*parts)
