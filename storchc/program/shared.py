"""A part of the program that is evaluated for several values of a sample, written once."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.ir.nodes import Sample
from storchc.ir.types import Plates
from storchc.program.operation import Filling, Operation, free
from storchc.program.reads import Drawn
from storchc.program.slots import Slot
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Shared(Filling):
    """``target`` holds what lies below a sample as a function of its value.

    It is ``given`` that value, then others that an earlier sample looks at elsewhere too, each with
    the plates it is stored with. ``results`` are what it returns. ``draws``: samples are drawn in
    it, replayed or anew. It is all that lies below the samples ``also`` too.
    """

    sample: Sample
    given: tuple[tuple[Slot, Plates], ...]
    body: tuple[Operation, ...]
    results: tuple[Slot, ...]
    draws: bool
    also: frozenset[str] = frozenset()

    @property
    def parameters(self) -> tuple[Slot, ...]:
        """The slots of what it is given."""
        return tuple(slot for slot, _ in self.given)

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        given = self.parameters
        return (slot for slot in free(drawn, self.body) if slot not in given)

    def nested(self) -> tuple[Operation, ...]:
        return self.body


@dataclass(frozen=True, slots=True)
class Call(Operation):
    """The results of a part at the values that its slots have here; ``used`` are looked at.

    ``replayed``: what it draws may be given, as for the value that was drawn.
    """

    shared: Shared
    used: tuple[Slot, ...]
    replayed: bool

    def filled(self) -> tuple[Slot, ...]:
        return self.shared.results

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (self.shared.target, *self.shared.parameters)
        yield from self.shared.looked_at(drawn)
