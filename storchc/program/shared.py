"""A part of the program that is evaluated for several values of a sample, written once."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.ir.nodes import Sample
from storchc.program.operation import Filling, Operation, free
from storchc.program.reads import Drawn
from storchc.program.slots import Slot
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Shared(Filling):
    """``target`` holds what lies below a sample as a function of its ``value``.

    ``results`` are what it returns. ``draws``: samples are drawn in it, replayed or anew.
    """

    sample: Sample
    value: Slot
    body: tuple[Operation, ...]
    results: tuple[Slot, ...]
    draws: bool

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        return (slot for slot in free(drawn, self.body) if slot != self.value)


@dataclass(frozen=True, slots=True)
class Call(Operation):
    """The results of a part at the value that its slot has here; ``used`` are looked at.

    ``replayed``: what it draws may be given, as for the value that was drawn.
    """

    shared: Shared
    used: tuple[Slot, ...]
    replayed: bool

    def filled(self) -> tuple[Slot, ...]:
        return self.shared.results

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (self.shared.target, self.shared.value)
        yield from self.shared.looked_at(drawn)
