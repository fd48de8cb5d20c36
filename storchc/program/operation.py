"""What every operation of a program says: which slots it fills, and which it looks at.

Every question about order, liveness and reuse is asked of this. Besides it says what it evaluates,
and which operations are in it, so that nobody needs to know which kinds of operations there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Self

from storchc.ir.expression import Distribution, Value
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.reads import Drawn, read
from storchc.program.slots import Slot
from storchc.program.terms import Term
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; this base fills nothing, evaluates nothing, and has none in it."""

    def filled(self) -> tuple[Slot, ...]:
        """The slots that the operation fills; a loop those of its steps too."""
        return ()

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        """The slots that the operation looks at; a loop and a function those from outside alone."""
        return (slot for term in self.terms() for slot in read(drawn, term))

    def values(self) -> tuple[Value | Distribution, ...]:
        """The expressions of the story that it evaluates, but for those in its terms."""
        return ()

    def terms(self) -> tuple[Term, ...]:
        """The terms that it evaluates."""
        return ()

    def with_terms(self, made: Callable[[Term], Term]) -> Self:
        """The operation with other terms, each made of the one that it has."""
        return self

    def sized(self) -> Plates:
        """The plates whose sizes its code asks for, but for those that it evaluates with."""
        return NO_PLATES

    def nested(self) -> tuple[Operation, ...]:
        """The operations in it, in order."""
        return ()


@dataclass(frozen=True, slots=True)
class Filling(Operation):
    """An operation that fills a slot: its ``target``."""

    target: Slot

    def filled(self) -> tuple[Slot, ...]:
        return (self.target,)


def all_filled(operations: Iterable[Operation]) -> tuple[Slot, ...]:
    """The slots that operations fill."""
    return tuple(slot for operation in operations for slot in operation.filled())


def free(drawn: Drawn, operations: Iterable[Operation]) -> Iterator[Slot]:
    """What operations look at that they have not filled before, each slot once."""
    known, found = set[Slot](), dict[Slot, None]()
    for operation in operations:
        looked = operation.looked_at(drawn)
        found.update((slot, None) for slot in looked if slot not in known)
        known.update(operation.filled())
    return iter(found)
