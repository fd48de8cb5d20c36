"""What is chosen jointly, without replacement."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.ir.nodes import Sample
from storchc.ir.types import Plates
from storchc.program.operation import Filling, Operation
from storchc.program.reads import Drawn, read
from storchc.program.slots import Slot
from storchc.program.terms import Term
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Choose(Operation):
    """A joint sample has chosen anew among the sequences of ``plate``; ``joint`` says which.

    What is looked at behind the choice is re-indexed there, but for what the choosing statement
    has ``made`` and what is ``spared``; where a loop is entered it is what the loop has ``taken``.
    """

    plate: str
    joint: Term
    stored: Plates
    made: frozenset[str]
    taken: frozenset[Slot] | None = None
    spared: frozenset[Slot] = frozenset()

    def terms(self) -> tuple[Term, ...]:
        return (self.joint,)


@dataclass(frozen=True, slots=True)
class Reindex(Filling):
    """``target`` is re-indexed by the sequences that the elements of ``plate`` now hold."""

    plate: str
    joint: Term
    stored: Plates

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield self.target
        yield from read(drawn, self.joint)

    def terms(self) -> tuple[Term, ...]:
        return (self.joint,)

    def sized(self) -> Plates:
        return self.stored


@dataclass(frozen=True, slots=True)
class Begin(Filling):
    """``target`` holds joint samples of nothing yet, which the steps of a loop will extend."""

    sample: Sample
    replayed: bool

    def sized(self) -> Plates:
        return self.sample.type.plates | {self.sample.plate}


@dataclass(frozen=True, slots=True)
class Widen(Filling):
    """``target`` holds a joint sample with an element for every sequence that steps may find."""

    sample: Sample

    def filled(self) -> tuple[Slot, ...]:
        return (self.target, Slot("size", self.sample.name))

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield Slot("draw", self.sample.name)


@dataclass(frozen=True, slots=True)
class Trace(Filling):
    """``target`` holds which elements the sequences of ``plate`` were, before and after choices."""

    parents: Slot
    plate: str
    stored: Plates

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield self.parents


@dataclass(frozen=True, slots=True)
class Since(Filling):
    """``target`` holds a joint sample, with what its sequences have continued in the loop."""

    lineage: Slot

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (self.target, self.lineage)
