"""What every operation of a program says: which slots it fills, and which it looks at.

Every question about order, liveness and reuse is asked of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storchc.program.reads import Drawn
from storchc.program.slots import Slot
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; this base fills nothing, and looks at nothing."""

    def filled(self) -> tuple[Slot, ...]:
        """The slots that the operation fills; a loop those of its steps too."""
        return ()

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        """The slots that the operation looks at; a loop and a function those from outside alone."""
        return iter(())


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
