"""Common values, computed outside of functions that are called for several values of a sample.

What a statement of such a function makes of other things than the sample, without its plate, is the
same at every call: it is computed once, before the function.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from storchc.ir.expression import (
    CallUser,
    Construct,
    Distribution,
    Named,
    Reference,
    SequenceOf,
    StaticChoice,
    Value,
)
from storchc.ir.walk import children
from storchc.optimise.slicing import Slots
from storchc.program.estimate import Function
from storchc.program.operation import Operation, all_filled
from storchc.program.reads import Apart, Drawn, named_in
from storchc.program.shared import Shared
from storchc.program.slots import Slot
from storchc.program.statements import Compute

Expression = Value | Distribution


def hoisted(drawn: Drawn, operations: Sequence[Operation]) -> Iterator[Operation]:
    """``operations`` with the common values of functions before these."""
    for operation in operations:
        if not isinstance(operation, Shared | Function):
            yield operation
            continue
        inside = frozenset(all_filled(operation.body)) | {operation.value}
        body = list[Operation]()
        for each in operation.body:
            if isinstance(each, Compute):
                common = _common(drawn, each, inside)
                for part, slot in common:
                    yield Compute(slot, part, part.type, each.apart, each.detached)
                each = replace(each, apart=each.apart + common)
            body.append(each)
        yield replace(operation, body=tuple(body))


def _common(drawn: Drawn, statement: Compute, inside: Slots) -> Apart:
    """The largest parts of a statement that look at nothing from ``inside`` of the function."""
    known = {id(part) for part, _ in statement.apart}
    parts = [p for p in _outermost(drawn, statement.value, inside) if id(p) not in known]
    name = statement.target.name
    return tuple((part, Slot("common", name, number)) for number, part in enumerate(parts))


def _outermost(drawn: Drawn, value: Expression, inside: Slots) -> Iterator[Value]:
    named = frozenset(named_in(drawn, value))
    if isinstance(value, Reference | SequenceOf | Named | CallUser) or not named:
        return
    if named.isdisjoint(inside) and not isinstance(value, Construct):
        yield value
        return
    always = (value.condition,) if isinstance(value, StaticChoice) else children(value)
    for child in always:
        yield from _outermost(drawn, child, inside)
