"""The plates whose numbers of elements operations ask for, without naming them.

They say less than that they look at: a value that only has the size of a plate does not depend on
what was drawn there. But what holds the size must be there, and is no other value then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from storchc.catalogue import functions
from storchc.ir.expression import (
    Apply,
    CallUser,
    Construct,
    Distribution,
    OverPlates,
    StaticChoice,
    Value,
    called,
)
from storchc.ir.types import NO_PLATES, Plates
from storchc.ir.walk import walk
from storchc.program.estimate import Function
from storchc.program.loops import Repeat
from storchc.program.operation import Operation
from storchc.program.reads import Drawn
from storchc.program.shared import Call, Shared
from storchc.program.slots import Slot
from storchc.program.terms import (
    Box,
    Counting,
    Detach,
    Expression,
    Infix,
    InSteps,
    Negative,
    Number,
    Part,
    Read,
    Reduced,
    Rows,
    Scored,
    Sum,
    Summed,
    SumOfRows,
    Term,
    Times,
    Weight,
    Weighted,
    inner,
)

_UNSIZED = frozenset(
    {"elementwise", "operators", "activations", "reductions", "normalising", "casts"}
)
"""The groups of functions that torch broadcasts over plates; others may be expanded to them."""


def asked(drawn: Drawn, operations: Iterable[Operation]) -> Iterator[Slot]:
    """All that operations ask for and have not filled before: what they look at, and sizes."""
    known, found = set[Slot](), dict[Slot, None]()
    for operation in operations:
        found.update((slot, None) for slot in _asked(drawn, operation) if slot not in known)
        known.update(operation.filled())
    return iter(found)


def _asked(drawn: Drawn, operation: Operation) -> Iterator[Slot]:
    match operation:
        case Repeat(leave=leave):
            yield from asked(drawn, operation.nested())
            if leave is not None and leave not in operation.filled():
                yield leave
        case Function(value=value):
            yield from (slot for slot in asked(drawn, operation.nested()) if slot != value)
        case Shared(body=body):
            given = operation.parameters
            yield from (slot for slot in asked(drawn, body) if slot not in given)
        case Call(shared):
            yield from (shared.target, *shared.parameters)
            yield from _asked(drawn, shared)
        case _:
            yield from operation.looked_at(drawn)
            yield from drawn.sizes(_plates(operation))


def _plates(operation: Operation) -> Plates:
    """The plates whose sizes the code of an operation may ask for."""
    evaluated = NO_PLATES.union(*map(_of_term, operation.terms()))
    return operation.sized() | evaluated | _of_values(operation.values())


def _of_values(values: Iterable[Value | Distribution]) -> Plates:
    found = NO_PLATES
    for part in (part for value in values for part in walk(value)):
        match part:
            case OverPlates(plates=plates):
                found |= frozenset(plates)
            case CallUser(type=type_) | Construct(type=type_) | StaticChoice(type=type_):
                if isinstance(part, StaticChoice) or called(part) is not None:
                    found |= type_.plates
            case Apply(function) if functions.row(function).group not in _UNSIZED:
                found |= part.type.plates
    return found


def _of_term(term: Term) -> Plates:
    found = NO_PLATES.union(*map(_of_term, inner(term)))
    match term:
        case Expression(value):
            return _of_values((value,))
        case Times(plate):
            return found | {plate}
        case Weighted(averaged=averaged):
            return found | frozenset(averaged)
        case Weight(sample, own=own, over=over):
            return own & {sample} if over else NO_PLATES
        case (
            Read()
            | Part()
            | Number()
            | Detach()
            | Infix()
            | Scored()
            | Sum()
            | Negative()
            | Rows()
            | SumOfRows()
            | Box()
            | Summed()
            | Reduced()
            | Counting()
            | InSteps()
        ):
            return found
        case _:
            assert_never(term)
