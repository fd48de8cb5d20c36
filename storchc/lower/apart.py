"""Parts of expressions that have a place of their own: calls, and what a `logmeanexp` joins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from itertools import count

from storchc.ir.expression import (
    CallUser,
    Distribution,
    OverPlates,
    Reference,
    StaticChoice,
    Value,
)
from storchc.ir.walk import children
from storchc.lower.story import Story
from storchc.program.operation import Operation
from storchc.program.reads import Apart
from storchc.program.slots import Slot
from storchc.program.statements import Alias, Bind
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """What comes before an expression, and which of its parts are evaluated there."""

    before: tuple[Operation, ...]
    apart: Apart


@dataclass(frozen=True, slots=True)
class Hoisting:
    """Finds the parts of expressions; ``numbers`` tells calls of the same module apart."""

    story: Story
    numbers: Iterator[int] = field(default_factory=count)

    def parts(self, value: Value | Distribution, *, detached: bool = False) -> Parts:
        """The parts of ``value``, innermost first; ``value`` itself has none, be it a call."""
        return self._parts(value, value, detached)

    def all_parts(self, value: Value | Distribution, *, detached: bool = False) -> Parts:
        """The parts of ``value``, with ``value`` itself where it is a call."""
        return self._parts(value, None, detached)

    def _parts(
        self, value: Value | Distribution, excepted: Value | Distribution | None, detached: bool
    ) -> Parts:
        if not _has_parts(value):
            return NOTHING
        operations: list[Operation] = []
        apart: list[tuple[Value, Slot]] = []
        for part in _postorder(value):
            if isinstance(part, CallUser) and part is not excepted:
                slot = Slot("call", part.callee, next(self.numbers))
                made = Bind(slot, part, part.type, tuple(apart), detached)
                operations.append(made)
                apart.append((part, slot))
            elif isinstance(part, OverPlates) and not detached:
                operations += self._joined(part, apart)
        return Parts(tuple(operations), tuple(apart))

    def _joined(self, value: OverPlates, apart: list[tuple[Value, Slot]]) -> Iterator[Operation]:
        """What is joined, for the samples whose methods ask for it."""
        first: Slot | None = None
        for asker in self.story.askers(value):
            slot = Slot("joined", asker)
            if isinstance(value.value, Reference):
                yield Alias(slot, Slot("value", value.value.name), value.value.type.dtype)
            elif first is None:
                yield Bind(slot, value.value, value.value.type, tuple(apart))
                apart.append((value.value, slot))
            else:
                yield Alias(slot, first, "float")
            first = slot if first is None else first


NOTHING = Parts((), ())


def _has_parts(value: Value | Distribution) -> bool:
    """Whether there may be a part with a place of its own; in most expressions there is none."""
    waiting: list[Value | Distribution] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, CallUser | OverPlates):
            return True
        waiting += children(part)
    return False


def _postorder(value: Value | Distribution) -> Iterator[Value | Distribution]:
    """All parts of an expression that are evaluated whatever the sizes are, innermost first."""
    inner = (value.condition,) if isinstance(value, StaticChoice) else children(value)
    for child in inner:
        yield from _postorder(child)
    yield value
