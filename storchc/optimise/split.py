"""A loop in two: what does not depend on a sample first, then what does.

A method that looks at other values of a sample keeps what a loop draws independently of it. These
draws, and whatever else does not depend on the sample, become a loop of their own, above the
function of the rest; that finds each draw in its step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from storchc.ir.expression import CallUser
from storchc.ir.walk import walk
from storchc.program.loops import Append, Collect, Count, Open, Repeat, Stack, Start
from storchc.program.operation import Operation
from storchc.program.reads import Drawn
from storchc.program.slicing import evaluated, part_for
from storchc.program.slots import Slot, Slots
from storchc.program.statements import Again, Alias, Bind, Draw, Hold, Law, Note, Take, Unpack

_PLAIN = (
    Repeat, Note, Count, Start, Collect, Append, Stack, Open,
    Bind, Unpack, Alias, Law, Draw, Hold, Take,
)  # fmt: skip
"""What may stand in a loop that is split: nothing is chosen jointly there, nor summed out."""


def split(
    drawn: Drawn, loop: Repeat, part: Repeat, kept: frozenset[str], touched: Slots
) -> tuple[Repeat, Repeat] | None:
    """What a loop does besides its ``part``, and that part with the draws of ``kept`` as they are.

    ``touched`` is what depends on the sample. None where the first does too, where both would call
    the same modules, and where a step does what must stay together.
    """
    inside = {id(each) for each in evaluated((part,))}
    besides = [each for each in evaluated((loop,)) if not isinstance(each, Repeat)]
    besides = [each for each in besides if id(each) not in inside]
    wanted = {slot for each in besides for slot in each.filled()}
    first = part_for(drawn, loop, wanted | {Slot("draw", name) for name in kept})
    if not isinstance(first, Repeat) or not touched.isdisjoint(first.filled()):
        return None
    (later,) = as_drawn((part,), kept)
    assert isinstance(later, Repeat)
    plain = all(isinstance(each, _PLAIN) for each in evaluated((loop,)))
    return (first, later) if plain and _calls(first).isdisjoint(_calls(later)) else None


def _calls(loop: Repeat) -> set[int]:
    """The calls of the user's modules in a loop, by identity."""
    every = (value for each in evaluated((loop,)) for value in each.values())
    return {id(part) for value in every for part in walk(value) if isinstance(part, CallUser)}


def kept_draws(samples: frozenset[str], touched: Slots) -> frozenset[str]:
    """Those of the samples that stay as they were drawn, as nothing of them is ``touched``."""
    return frozenset(name for name in samples if Slot("draw", name) not in touched)


def as_drawn(operations: Iterable[Operation], kept: frozenset[str]) -> Iterator[Operation]:
    """``operations`` in which the draws of ``kept``, in loops, are those of when these were run."""
    for operation in operations:
        match operation:
            case Repeat(_, opening, body, closing):
                parts = (tuple(as_drawn(each, kept)) for each in (opening, body, closing))
                opening, body, closing = parts
                yield replace(operation, opening=opening, body=body, closing=closing)
            case Draw(target, sample) if sample.name in kept:
                yield Again(target, sample)
            case Hold(_, sample) if sample.name in kept:
                continue
            case Stack(item="draw", name=name) if name in kept:
                continue
            case Append(target) | Collect(target) if target.kind == "draws" and target.name in kept:
                continue
            case _:
                yield operation
