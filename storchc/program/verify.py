"""Whether a program holds together: what is looked at is there, and plates agree.

A program that does not is a mistake of ours, not of the story. Tests ask between passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, assert_never

from storchc.ir.expression import Value
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.estimate import Function
from storchc.program.joint import Choose, Reindex
from storchc.program.loops import Append, Forget, Repeat
from storchc.program.operation import Operation
from storchc.program.reads import Drawn, read
from storchc.program.shared import Shared
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
    leaves,
)
from storchc.records import dataclass

Scope = Mapping[Slot, Plates]


class BrokenProgram(Exception):
    """A program that does not hold together; its message says where, and why."""


class Storing(Protocol):
    """Knows with which plates things are stored, where the filled slots have those of a scope."""

    def filled(self, scope: Scope, operation: Operation) -> Scope:
        """The slots that an operation without operations in it fills, with their plates."""

    def expression(self, scope: Scope, value: Value) -> Plates:
        """The plates of an expression of the story."""

    def part(self, part: Part) -> Plates:
        """The plates of a member of a draw; of the steps of loops those that it says it has."""


def verify(
    drawn: Drawn, storing: Storing, scope: Scope, operations: Iterable[Operation]
) -> dict[Slot, Plates]:
    """The slots that are filled behind ``operations``, with their plates; before them ``scope``.

    Raises `BrokenProgram` where an operation looks at a slot that is not filled before it, or where
    a term says other plates than what it is made of has.
    """
    # others weigh elements only if what is reduced is made of them
    certain = Drawn({}, drawn.apart, drawn.asked, {})
    return _Verifier(certain, storing).block(dict(scope), operations)


@dataclass(frozen=True, slots=True)
class _Verifier:
    drawn: Drawn
    storing: Storing

    def block(
        self, known: dict[Slot, Plates], operations: Iterable[Operation]
    ) -> dict[Slot, Plates]:
        """What is filled behind operations, by what is ``known`` before them."""
        for operation in operations:
            match operation:
                case Repeat(loop, opening, body, closing, leave):
                    known = self.block(known, opening)
                    _require(known, operation, (Slot("count", loop.name),))
                    known = self.block(known, body)
                    if leave is not None:
                        _require(known, operation, (leave,))
                    known = self.block(known, closing)
                case Forget(targets):
                    _require(known, operation, targets)
                    known = {slot: known[slot] for slot in known.keys() - {*targets}}
                case _:
                    self._one(known, operation)
                    known |= self.storing.filled(known, operation)
        return known

    def _one(self, known: Scope, operation: Operation) -> None:
        """One operation; of a function all that is in it."""
        if isinstance(operation, Function):
            inside = self.block({**known, operation.value: operation.stored}, operation.body)
            _require(inside, operation, read(self.drawn, operation.result))
            self._term(inside, operation, operation.result)
            if not operation.result.stored <= operation.stored:
                raise _broken(operation, "has a result with plates that its sample lacks")
            return
        if isinstance(operation, Shared):
            inside = self.block({**known, **dict(operation.given)}, operation.body)
            _require(inside, operation, operation.results)
            return
        _require(known, operation, operation.looked_at(self.drawn))
        for term in _terms(operation):
            self._term(known, operation, term)
        if isinstance(operation, Choose | Reindex) and operation.plate not in operation.stored:
            raise _broken(operation, f"has no plate `{operation.plate}`, along which it chooses")
        if isinstance(operation, Reindex) and operation.target.kind != "draw":
            self._reindexes(known, operation)

    def _reindexes(self, known: Scope, operation: Reindex) -> None:
        """What is re-indexed has the plate."""
        if operation.plate not in known[operation.target]:
            raise _broken(operation, f"lacks the plate `{operation.plate}` to re-index along")

    def _term(self, known: Scope, operation: Operation, term: Term) -> None:
        for part in _every(term):
            said, found = part.stored, self._stored(known, operation, part)
            if isinstance(part, Sum) and found < said:
                continue  # the rest of its plates are broadcast where it is looked at
            if found != said:
                raise _broken(
                    operation, f"has {_kind(part)} as {_shown(said)}, which is {_shown(found)}"
                )

    def _stored(self, known: Scope, operation: Operation, term: Term) -> Plates:
        """The plates that a term has, by those of what it is made of."""
        match term:
            case Read(slot):
                return known[slot]
            case Part():
                return self.storing.part(term)
            case Expression(value):
                return self.storing.expression(known, value)
            case Number():
                return NO_PLATES
            case Weight(_, _, _, own, over):
                return own - over
            case Infix() | Scored() | Sum() | Rows() | Counting():
                return _union(inner(term))
            case Detach(of) | Negative(of) | SumOfRows(of) | Box(of) | Times(_, of):
                return of.stored
            case Summed(of, plates) | Reduced(of, plates):
                return _without(operation, term, of.stored, plates)
            case Weighted(of, factor, plates):
                return _without(operation, term, of.stored | factor.stored, plates)
            case InSteps(of, loop):
                _without(operation, term, of.stored, (loop,))
                return of.stored
            case _:
                assert_never(term)


def _require(known: Scope, operation: Operation, slots: Iterable[Slot]) -> None:
    """What is looked at is filled."""
    for slot in slots:
        if slot not in known:
            raise _broken(operation, f"looks at `{slot}`, which nothing has filled before it")


def _without(operation: Operation, term: Term, stored: Plates, plates: tuple[str, ...]) -> Plates:
    """``stored`` when ``plates``, which are there, are reduced."""
    missing = frozenset(plates) - stored
    if missing:
        raise _broken(operation, f"reduces {_shown(missing)}, which {_kind(term)} has not")
    return stored - frozenset(plates)


def _terms(operation: Operation) -> tuple[Term, ...]:
    """The terms of an operation, whose plates are to agree.

    What a step leaves as it stands is not among them: its plates are known when all is lowered.
    """
    known = isinstance(operation, Append) and isinstance(operation.term, Read | Expression)
    return () if known else operation.terms()


def _every(term: Term) -> Iterator[Term]:
    """A term and all that it is made of, innermost first."""
    for part in inner(term):
        yield from _every(part)
    yield term


def _union(terms: Iterable[Term]) -> Plates:
    return frozenset[str]().union(*(term.stored for term in terms))


def _broken(operation: Operation, what: str) -> BrokenProgram:
    return BrokenProgram(f"{_kind(operation)} {what}")


def _kind(made: Operation | Term) -> str:
    """``Eval of `term loss```: an operation by what it fills, a term by what it looks at."""
    slots = made.filled() if isinstance(made, Operation) else [*_slots(made)]
    listed = ", ".join(f"`{slot}`" for slot in dict.fromkeys(slots))
    return f"{type(made).__name__} of {listed}" if listed else type(made).__name__


def _slots(term: Term) -> Iterator[Slot]:
    for leaf in leaves(term):
        match leaf:
            case Read(slot) | Part(slot):
                yield slot
            case Weight(sample):
                yield Slot("draw", sample)
            case Expression() | Number():
                pass
            case _:
                assert_never(leaf)


def _shown(plates: Plates) -> str:
    return f"[{', '.join(sorted(plates))}]"
