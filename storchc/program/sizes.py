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
from storchc.program.chains import Certain, Outcomes
from storchc.program.estimate import Downstream, Function, Total
from storchc.program.joint import Begin, Reindex
from storchc.program.loops import Append, Reach, Repeat, Stack, Start
from storchc.program.operation import Operation
from storchc.program.reads import Drawn, options
from storchc.program.shared import Call, Shared
from storchc.program.slots import Slot
from storchc.program.statements import (
    Compute,
    Draw,
    Eval,
    Law,
    Settled,
    Take,
    Unpack,
)
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
        case Repeat(_, opening, body, closing, leave):
            yield from asked(drawn, (*opening, *body, *closing))
            if leave is not None and leave not in operation.filled():
                yield leave
        case Function(_, _, value, body, result):
            every = asked(drawn, (*body, Eval(value, result)))
            yield from (slot for slot in every if slot != value)
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
    match operation:
        case Compute(_, value, settled=settled):
            return _of_values((value,)) | _settled(settled)
        case Unpack(value=value, settled=settled):
            return _of_values((value,)).union(*map(_settled, settled))
        case Start(_, carried, settled=settled):
            return _of_values((carried.initial,)) | settled.plates
        case Take(settled=settled):
            return _settled(settled)
        case Eval(_, term) | Append(_, term):
            return _of_term(term)
        case Law(sample=sample, aligned=aligned):
            return _of_values((sample.distribution,)) | aligned
        case Draw(sample=sample):
            return _of_values(options(sample))
        case Reindex(stored=stored):
            return stored
        case Begin(_, sample) | Reach(sample=sample):
            return sample.type.plates | {sample.plate}
        case Stack(item="draw", name=name):
            return frozenset({name})
        case Outcomes(sample=sample, before=before):
            return _of_values((sample.distribution,)) | ({before} if before else NO_PLATES)
        case Certain(before=before, stored=stored):
            return stored - {before}
        case Downstream():
            terms = operation.baseline, operation.weights, operation.joined, operation.slope
            every = (operation.credited, *(term for term in terms if term is not None))
            return NO_PLATES.union(*map(_of_term, every))
        case Total(_, parts, late):
            return NO_PLATES.union(*map(_of_term, (*parts, *(term for _, term in late))))
        case _:
            return NO_PLATES


def _settled(settled: Settled | None) -> Plates:
    return NO_PLATES if settled is None else settled.plates


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
