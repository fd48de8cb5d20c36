"""Re-indexing behind a joint choice: what is looked at from there on.

Where a joint sample without replacement is extended, each of its elements continues a sequence that
another may have held before. What has the plate, and is looked at further down, is re-indexed
there, exactly. In a loop values are; draws and costs are kept as its steps have left them.
Behind all loops everything that is filled is re-indexed at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace

from storchc.ir.graph import Graph
from storchc.program.joint import Choose, Reindex
from storchc.program.loops import Repeat, Stack
from storchc.program.operation import Operation, free
from storchc.program.reads import Drawn
from storchc.program.slots import Slot, Slots
from storchc.program.statements import Alias, Take
from storchc.records import dataclass


def reindexed(
    graph: Graph, drawn: Drawn, operations: Sequence[Operation], wanted: Slots
) -> list[Operation]:
    """``operations``, re-indexed behind each choice; ``wanted`` is looked at behind all of them."""
    if not any(_chooses(operation) for operation in operations):
        return [*operations]
    return [*_Reindexing(graph, drawn).block(operations, wanted, inside=False)]


def _chooses(operation: Operation) -> bool:
    if isinstance(operation, Repeat):
        every = (*operation.opening, *operation.body, *operation.closing)
        return any(map(_chooses, every))
    return isinstance(operation, Choose)


@dataclass(slots=True)
class _Reindexing:
    """What was filled so far, in order; ``takes`` by the draw whose value they take."""

    graph: Graph
    drawn: Drawn
    known: dict[Slot, None] = field(default_factory=dict)
    takes: dict[Slot, Take] = field(default_factory=dict)
    aliases: dict[Slot, Alias] = field(default_factory=dict)

    def block(
        self, operations: Sequence[Operation], wanted: Slots, *, inside: bool
    ) -> Iterator[Operation]:
        """Operations in order; ``wanted`` is looked at behind them."""
        behind = _behind(self.drawn, operations, wanted)
        for operation, live in zip(operations, behind, strict=True):
            if isinstance(operation, Repeat):
                yield self._repeat(operation, live, inside)
            elif isinstance(operation, Choose):
                yield from self._chosen(operation, live, inside)
            else:
                self._note(operation, inside)
                yield operation

    def _repeat(self, loop: Repeat, wanted: Slots, inside: bool) -> Repeat:
        ended = wanted.union(free(self.drawn, loop.closing))
        left = ended.intersection(loop.filled())  # the rest is re-indexed when it has ended
        again = left.union(free(self.drawn, loop.body))
        opening = tuple(self.block(loop.opening, again, inside=True))
        body = tuple(self.block(loop.body, again, inside=True))
        closing = tuple(self.block(loop.closing, wanted, inside=inside))
        return replace(loop, opening=opening, body=body, closing=closing)

    def _note(self, operation: Operation, inside: bool) -> None:
        self.known.update(dict.fromkeys(operation.filled()))
        if inside:  # what a step has is its own
            return
        match operation:
            case Take(_, draw):
                self.takes[draw] = operation
            case Alias(target):
                self.aliases[target] = operation
            case Stack(target):
                self.aliases.pop(target, None)

    def _chosen(self, choice: Choose, live: Slots, inside: bool) -> Iterator[Operation]:
        """What is re-indexed for a choice, in the order in which it was filled."""
        if choice.taken is not None:
            taken = choice.taken
            yield from (_reindex(slot, choice) for slot in self.known if slot in taken)
            return
        draws = [] if inside else self._draws(choice)
        retaken = {self.takes[slot].target for slot in draws if slot in self.takes}
        for slot in self._values(choice, live):
            if slot not in retaken:
                yield _reindex(slot, choice)
        if inside:
            return
        yield from self._costs(choice)
        for slot in draws:
            yield _reindex(slot, choice)
            if slot in self.takes:
                yield self.takes[slot]
        for slot in self.known:
            left = slot.kind in ("alive", "baseline", "report") and slot.name not in choice.made
            if left:
                yield _reindex(slot, choice)

    def _values(self, choice: Choose, live: Slots) -> list[Slot]:
        """The values and sequences that are looked at further down, by kind."""
        made = [
            slot
            for slot in self.known
            if slot.name not in choice.made and slot in live and slot not in choice.spared
        ]
        return [s for kind in ("value", "sequence") for s in made if s.kind == kind]

    def _costs(self, choice: Choose) -> Iterator[Operation]:
        """The costs; one that is a value of the story has been re-indexed already."""
        for slot in self.known:
            if slot.kind == "cost" and slot.name not in choice.made:
                yield self.aliases[slot] if slot in self.aliases else _reindex(slot, choice)

    def _draws(self, choice: Choose) -> list[Slot]:
        """The draws along the plate that are there."""
        along = {s.name for s in self.graph.along(choice.plate)} - choice.made
        drawn = [Slot("draw", s.name) for s in self.graph.samples if s.name in along]
        return [slot for slot in drawn if slot in self.known]


def _reindex(slot: Slot, choice: Choose) -> Reindex:
    return Reindex(slot, choice.plate, choice.joint, choice.stored)


def _behind(drawn: Drawn, operations: Sequence[Operation], wanted: Slots) -> list[Slots]:
    """What is looked at behind each operation."""
    found, live = list[Slots](), wanted
    for operation in reversed(operations):
        found.append(live)
        live = live.difference(operation.filled()).union(operation.looked_at(drawn))
    return found[::-1]
