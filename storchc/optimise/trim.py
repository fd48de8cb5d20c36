"""Functions return what somebody looks at, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from storchc.program.estimate import Function
from storchc.program.operation import Operation
from storchc.program.reads import Drawn, read
from storchc.program.shared import Call, Shared
from storchc.program.slots import Slot, Slots


def trimmed(drawn: Drawn, operations: Sequence[Operation]) -> list[Operation]:
    """``operations`` whose shared functions return what somebody looks at, and nothing else."""
    looked = frozenset(_outside(drawn, operations))
    return [*_trimmed(drawn, operations, looked, looked)]


def _outside(drawn: Drawn, operations: Iterable[Operation]) -> Iterator[Slot]:
    """What is looked at outside of shared functions, in others too."""
    for operation in operations:
        if not isinstance(operation, Shared):
            yield from operation.looked_at(drawn)
        if isinstance(operation, Function):
            yield from _inside(drawn, operation)


def _inside(drawn: Drawn, function: Function) -> Iterator[Slot]:
    """What a function looks at, of what it has itself made too."""
    for operation in function.body:
        yield from operation.looked_at(drawn)
    yield from read(drawn, function.result)


def _trimmed(
    drawn: Drawn, operations: Iterable[Operation], returned: Slots, looked: Slots
) -> Iterator[Operation]:
    """Shared functions return what is ``returned``; of that, here is ``looked`` at."""
    for operation in operations:
        match operation:
            case Shared():
                yield _returning(operation, returned)
            case Call(shared, used):
                shared = _returning(shared, returned)
                yield replace(operation, shared=shared, used=tuple(s for s in used if s in looked))
            case Function(body=body):
                inside = frozenset(_inside(drawn, operation))
                yield replace(operation, body=tuple(_trimmed(drawn, body, returned, inside)))
            case _:
                yield operation


def _returning(shared: Shared, returned: Slots) -> Shared:
    return replace(shared, results=tuple(slot for slot in shared.results if slot in returned))
