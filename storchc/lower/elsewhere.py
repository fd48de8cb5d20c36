"""What follows a sample, written for other values of it: for methods that look at further points.

It is the part of the program between the sample and the costs it is credited with. What is drawn
there is drawn anew; what in a loop does not depend on the sample stays as it was drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from storchc.ir.nodes import Sample
from storchc.lower.story import Story
from storchc.optimise.slicing import dependent_on, drawn_in, leading_to
from storchc.program.chains import Outcomes
from storchc.program.joint import Begin
from storchc.program.loops import Count, Open, Repeat
from storchc.program.operation import Operation
from storchc.program.slots import Slot
from storchc.program.statements import Again, Compute, Draw, Hold, Law, Take
from storchc.records import dataclass

Slots = frozenset[Slot]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The operations below a sample, and the samples that are drawn anew there."""

    operations: tuple[Operation, ...]
    drawn: frozenset[str]


def elsewhere(
    story: Story, program: Sequence[Operation], sample: Sample, costs: tuple[str, ...]
) -> Elsewhere:
    """What lies between ``sample`` and ``costs``, written for other values."""
    drawn = story.drawn
    below = _behind(program, sample)
    touched = dependent_on(drawn, below, frozenset({Slot("value", sample.name)}))
    wanted = frozenset(Slot("cost", cost) for cost in costs)
    passed = drawn_in(leading_to(drawn, below, wanted, touched))
    wanted |= {Slot("draw", name) for name in passed}
    part = leading_to(drawn, below, wanted, touched)
    kept = kept_draws(story, passed, touched)
    return Elsewhere(tuple(_anew(part, kept)), frozenset(passed) - kept)


def kept_draws(story: Story, drawn: set[str], touched: Slots) -> frozenset[str]:
    """The samples that stay as they were drawn; enumerated ones have all their values anew."""
    every = story.estimation.sequences.keys() | story.estimation.elimination.chains.keys()
    return frozenset(name for name in drawn - every if Slot("draw", name) not in touched)


def _behind(program: Sequence[Operation], sample: Sample) -> Sequence[Operation]:
    """What stands below the statement that draws a sample."""
    target = Slot("value", sample.name)
    taken = (n for n, op in enumerate(program) if isinstance(op, Take) and op.target == target)
    return program[next(taken) + 1 :]


def _anew(operations: Sequence[Operation], kept: frozenset[str]) -> Iterator[Operation]:
    """Operations that draw anew, but for the samples ``kept``; nothing of them is replayed."""
    for operation in operations:
        match operation:
            case Repeat(_, opening, body, closing):
                parts = (tuple(_anew(part, kept)) for part in (opening, body, closing))
                opening, body, closing = parts
                yield replace(operation, opening=opening, body=body, closing=closing)
            case Draw(target, sample) if sample.name in kept:
                yield Again(target, sample)
            case Hold(_, sample) if sample.name in kept:
                continue
            case Draw() | Open() | Begin() | Outcomes():
                yield replace(operation, replayed=False)
            case Compute() | Law():
                yield replace(operation, shown=False)
            case Count():
                continue
            case _:
                yield operation
