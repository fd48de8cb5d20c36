"""Parts of a program: what leads to some slots, what depends on some, what nothing looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from storchc.program.chains import Outcomes
from storchc.program.estimate import Function
from storchc.program.loops import Repeat
from storchc.program.operation import Operation
from storchc.program.reads import Drawn
from storchc.program.shared import Call, Shared
from storchc.program.slots import Slot, Slots
from storchc.program.statements import Draw, Note, Take


def dependent_on(drawn: Drawn, operations: Iterable[Operation], slots: Slots) -> Slots:
    """``slots`` and all that the operations make of them, in later steps of loops too."""
    found = set(slots)
    for operation in operations:
        if isinstance(operation, Repeat):
            inner = (*operation.opening, *operation.body, *operation.body, *operation.closing)
            size = -1
            while size != len(found):
                size = len(found)
                found |= dependent_on(drawn, inner, frozenset(found))
        elif not found.isdisjoint(operation.looked_at(drawn)):
            found.update(operation.filled())
    return frozenset(found)


def leading_to(
    drawn: Drawn, operations: Sequence[Operation], wanted: Slots, touched: Slots
) -> list[Operation]:
    """The operations that lead from what is ``touched`` to what is ``wanted``.

    Of a loop it is what a step needs to come there, whether it is touched or not: it may be another
    value in every step.
    """
    return with_notes(operations, parts_leading_to(drawn, operations, wanted, touched))


def parts_leading_to(
    drawn: Drawn, operations: Sequence[Operation], wanted: Slots, touched: Slots
) -> dict[int, Operation]:
    """The same, by number of the operation."""
    needed, parts = set(wanted), dict[int, Operation]()
    for number, operation in reversed([*enumerate(operations)]):
        part = part_for(drawn, operation, needed)
        if part is not None and not touched.isdisjoint(part.looked_at(drawn)):
            parts[number] = part
            needed.update(part.looked_at(drawn))
    return parts


def needed_for(drawn: Drawn, operations: Sequence[Operation], wanted: Slots) -> list[Operation]:
    """The operations without which something ``wanted`` would not be there."""
    needed, parts = set(wanted), dict[int, Operation]()
    for number, operation in reversed([*enumerate(operations)]):
        part = part_for(drawn, operation, needed)
        if part is not None:
            parts[number] = part
            needed.update(part.looked_at(drawn))
    return with_notes(operations, parts)


def with_notes(operations: Sequence[Operation], parts: Mapping[int, Operation]) -> list[Operation]:
    """The parts, by number of their operation, each paragraph below its note.

    A loop is a paragraph of its own, with its note in it.
    """
    found, note = list[Operation](), list[Operation]()
    for number, operation in enumerate(operations):
        if isinstance(operation, Note):
            note = [operation]
        elif isinstance(operation, Repeat):
            found += [parts[number]] if number in parts else []
            note = []
        elif number in parts:
            found += [*note, parts[number]]
            note = []
    return found


def part_for(drawn: Drawn, operation: Operation, needed: AbstractSet[Slot]) -> Operation | None:
    """The operation, of a loop its part, that fills something needed; None where none does."""
    if isinstance(operation, Repeat):
        return _repeat(drawn, operation, needed)
    return None if needed.isdisjoint(operation.filled()) else operation


def _repeat(drawn: Drawn, loop: Repeat, wanted: AbstractSet[Slot]) -> Repeat | None:
    """The loop with the operations alone that lead to what is wanted, be it in later steps."""
    closing = needed_for(drawn, loop.closing, frozenset(wanted))
    known, needed = set[Slot](), {*wanted, *_looked(drawn, closing)}
    body = list[Operation]()
    while needed != known:
        known = set(needed)
        body = needed_for(drawn, loop.body, frozenset(needed))
        needed.update(_looked(drawn, body))
        if body and loop.leave is not None:
            needed.add(loop.leave)
    if not body:
        return None
    needed.add(Slot("count", loop.loop.name))
    opening = needed_for(drawn, loop.opening, frozenset(needed))
    return replace(loop, opening=tuple(opening), body=tuple(body), closing=tuple(closing))


def _looked(drawn: Drawn, operations: Iterable[Operation]) -> set[Slot]:
    return {slot for operation in operations for slot in operation.looked_at(drawn)}


def behind_value(operations: Sequence[Operation], value: Slot) -> int | None:
    """The place behind the operation that takes the ``value`` of a sample; None where none does."""
    taken = (n + 1 for n, each in enumerate(operations) if isinstance(each, Take))
    return next((n for n in taken if operations[n - 1].filled() == (value,)), None)


def evaluated(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Operations, those in loops, and those of the functions that are called."""
    for operation in operations:
        match operation:
            case Function() | Shared():
                yield operation
            case Call(shared):
                yield operation
                yield from evaluated(shared.body)
            case _:
                yield operation
                yield from evaluated(operation.nested())


def drawn_in(operations: Iterable[Operation]) -> frozenset[str]:
    """The samples that operations draw."""
    every = evaluated(operations)
    return frozenset(each.sample.name for each in every if isinstance(each, Draw | Outcomes))
