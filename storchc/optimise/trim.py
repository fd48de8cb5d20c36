"""Functions return what somebody looks at, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from storchc.program.estimate import Function
from storchc.program.operation import Operation, all_filled
from storchc.program.reads import Drawn, read
from storchc.program.shared import Call, Shared
from storchc.program.sizes import asked
from storchc.program.slots import Slot, Slots


def trimmed(drawn: Drawn, operations: Sequence[Operation]) -> list[Operation]:
    """``operations`` whose shared functions return what somebody looks at, and nothing else."""
    functions = [each for each in operations if isinstance(each, Shared)]
    if not functions:
        return [*operations]
    inside = {each.target: _taken(drawn, each.body) for each in functions}
    outside = frozenset(_outside(drawn, operations))
    results = {
        each.target: _results(each, outside.union(*(_others(inside, each.target))))
        for each in functions
    }
    return [*_trimmed(drawn, operations, results, outside)]


def _others(inside: Mapping[Slot, Slots], target: Slot) -> Iterator[Slots]:
    """What other functions look at."""
    return (slots for function, slots in inside.items() if function != target)


def _results(shared: Shared, looked: Slots) -> tuple[Slot, ...]:
    return tuple(slot for slot in shared.results if slot in looked)


def _outside(drawn: Drawn, operations: Iterable[Operation]) -> Iterator[Slot]:
    """What is asked for outside of shared functions."""
    for operation in operations:
        if not isinstance(operation, Shared):
            yield from asked(drawn, (operation,))
        if isinstance(operation, Function):
            yield from _inside(drawn, operation)


def _inside(drawn: Drawn, function: Function) -> Iterator[Slot]:
    """What a function asks for, of what it has itself made too."""
    yield from _every(drawn, function.body)
    yield from read(drawn, function.result)


def _taken(drawn: Drawn, body: Iterable[Operation]) -> Slots:
    """What operations ask for that they have not filled themselves: others have returned it."""
    own = all_filled(each for each in body if not isinstance(each, Call))
    return frozenset(_every(drawn, body)).difference(own)


def _every(drawn: Drawn, body: Iterable[Operation]) -> Iterator[Slot]:
    for operation in body:
        yield from asked(drawn, (operation,))
        if isinstance(operation, Function):
            yield from _inside(drawn, operation)


def _trimmed(
    drawn: Drawn,
    operations: Iterable[Operation],
    results: Mapping[Slot, tuple[Slot, ...]],
    looked: Slots,
) -> Iterator[Operation]:
    """Functions by what they are to return; here ``looked`` is looked at of that."""
    for operation in operations:
        match operation:
            case Shared(target, body=body):
                kept = results[target]
                here = frozenset((*kept, *_every(drawn, body)))
                body = tuple(_trimmed(drawn, body, results, here))
                yield replace(operation, body=body, results=kept)
            case Call(shared, used):
                shared = replace(shared, results=results[shared.target])
                yield replace(operation, shared=shared, used=tuple(s for s in used if s in looked))
            case Function(body=body):
                inside = frozenset(_inside(drawn, operation))
                yield replace(operation, body=tuple(_trimmed(drawn, body, results, inside)))
            case _:
                yield operation
