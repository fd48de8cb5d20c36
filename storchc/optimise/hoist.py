"""Common values, computed outside of functions that are called for several values of a sample.

What a statement of such a function makes of other things than the sample, without its plate, is the
same at every call, and in every step: it is computed once, before the function. Calls stay where
they are: of a module that draws, such as dropout, every one has another value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from itertools import count

from storchc.ir.expression import (
    CallUser,
    Construct,
    Counter,
    Distribution,
    Named,
    Reference,
    SequenceOf,
    StaticChoice,
    Value,
)
from storchc.ir.walk import children, walk
from storchc.program.chains import Outcomes
from storchc.program.estimate import Function
from storchc.program.joint import Reindex
from storchc.program.loops import Repeat, Start
from storchc.program.operation import Operation, all_filled
from storchc.program.reads import Apart, Drawn, named_in
from storchc.program.shared import Call, Shared
from storchc.program.slots import Slot, Slots
from storchc.program.statements import Bind, Law, Unpack
from storchc.records import dataclass

Expression = Value | Distribution
Stating = Bind | Unpack | Start | Law | Outcomes


def hoisted(drawn: Drawn, operations: Sequence[Operation]) -> Iterator[Operation]:
    """``operations`` with the common values of functions before these."""
    found = _Common(drawn)
    for operation in operations:
        match operation:
            case Shared(body=body):
                common, body = found.split(body, operation.parameters)
                yield from common
                found.shared[operation.target] = made = replace(operation, body=body)
                yield made
            case Function(body=body):
                common, body = found.split(body, (operation.value,))
                yield from common
                yield replace(operation, body=tuple(map(found.calling, body)))
            case Reindex():
                found.slots.clear()  # what has the plate is other values from here on
                yield operation
            case _:
                yield found.calling(operation)


@dataclass(slots=True)
class _Common:
    """The common values that are computed already, by the identity of the expression.

    Each has a slot of its own: functions look at it whenever they are called. ``shared`` are the
    functions so far, as they are now.
    """

    drawn: Drawn
    numbers: Iterator[int] = field(default_factory=count)
    slots: dict[int, Slot] = field(default_factory=dict)
    shared: dict[Slot, Shared] = field(default_factory=dict)

    def split(
        self, body: Sequence[Operation], given: tuple[Slot, ...]
    ) -> tuple[list[Bind], tuple[Operation, ...]]:
        """What a function's statements have in common for all values, and what is left of them."""
        inside = frozenset((*all_filled(body), *given))
        common = list[Bind]()
        left = tuple(self._without(each, inside, common) for each in body)
        return common, left

    def _without(self, operation: Operation, inside: Slots, common: list[Bind]) -> Operation:
        """An operation, in steps too, without what goes into ``common``."""
        match operation:
            case Repeat(_, opening, body):
                opening = tuple(self._without(each, inside, common) for each in opening)
                body = tuple(self._without(each, inside, common) for each in body)
                return replace(operation, opening=opening, body=body)
            case Bind() | Unpack() | Start() | Law() | Outcomes():
                found = tuple(self._parts(operation, inside, common))
                return replace(operation, apart=operation.apart + found)
            case _:
                return operation

    def _parts(
        self, operation: Stating, inside: Slots, common: list[Bind]
    ) -> Iterator[tuple[Value, Slot]]:
        """The common parts of what an operation states; ``common`` computes each, once."""
        known, apart = {id(part) for part, _ in operation.apart}, operation.apart
        cut = not isinstance(operation, Law | Outcomes) and operation.detached
        for value in operation.values():
            for part in _outermost(self.drawn, value, inside):
                own = _within(part, apart)
                if id(part) in known or not inside.isdisjoint(slot for _, slot in own):
                    continue
                if id(part) not in self.slots:
                    slot = Slot("common", operation.filled()[0].name, next(self.numbers))
                    self.slots[id(part)] = slot
                    common.append(Bind(slot, part, part.type, own, cut))
                yield part, self.slots[id(part)]

    def calling(self, operation: Operation) -> Operation:
        """An operation that calls functions as they are now."""
        match operation:
            case Call(known):
                return replace(operation, shared=self.shared.get(known.target, known))
            case Function(body=body):
                return replace(operation, body=tuple(map(self.calling, body)))
            case _:
                return operation


def _within(part: Value, apart: Apart) -> Apart:
    """What is evaluated before a part of an expression, of what is before all of it."""
    inner = {id(each) for each in walk(part)}
    return tuple((each, slot) for each, slot in apart if id(each) in inner)


def _outermost(drawn: Drawn, value: Expression, inside: Slots) -> Iterator[Value]:
    named = frozenset(named_in(drawn, value))
    if isinstance(value, Reference | SequenceOf | Named | CallUser) or not named:
        return
    counted = any(isinstance(part, Counter) for part in walk(value))  # another value in each step
    if named.isdisjoint(inside) and not (counted or isinstance(value, Construct)):
        yield value
        return
    always = (value.condition,) if isinstance(value, StaticChoice) else children(value)
    for child in always:
        yield from _outermost(drawn, child, inside)
