"""What is downstream of a sample, elsewhere: at values of the sample that were not drawn.

Methods that look at further points evaluate the part of the program between the sample and the
costs that it is credited with. Samples in that part are drawn anew; those in a loop that do not
depend on the sample stay as they were drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from storchc.ir.nodes import Sample
from storchc.lower.story import Story
from storchc.optimise.split import as_drawn, kept_draws
from storchc.program.chains import Outcomes
from storchc.program.joint import Begin
from storchc.program.loops import Count, Open, Repeat
from storchc.program.operation import Operation
from storchc.program.shared import Call, Shared
from storchc.program.slicing import behind_value, dependent_on, drawn_in, leading_to
from storchc.program.slots import Slot
from storchc.program.statements import Draw
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The operations downstream of a sample, and the samples among them that are drawn anew."""

    operations: tuple[Operation, ...]
    drawn: frozenset[str]


def elsewhere(
    story: Story,
    program: Sequence[Operation],
    shared: Mapping[str, Shared],
    sample: Sample,
    costs: tuple[str, ...],
) -> Elsewhere:
    """What lies between ``sample`` and ``costs``, for other values of the sample.

    Where there is a function for it, by name of the sample in ``shared``, that is called.
    """
    if sample.name in shared:
        made = shared[sample.name]
        call = Call(made, made.results, replayed=False)
        return Elsewhere((call,), drawn_in(made.body))
    drawn, value = story.drawn, Slot("value", sample.name)
    later = program[behind_value(program, value) :]
    touched = dependent_on(drawn, later, frozenset({value}))
    wanted = frozenset(Slot("cost", cost) for cost in costs)
    passed = drawn_in(leading_to(drawn, later, wanted, touched))
    wanted |= {Slot("draw", name) for name in passed}
    part = leading_to(drawn, later, wanted, touched)
    kept = kept_draws(passed - story.listed, touched)
    return Elsewhere(tuple(_anew(as_drawn(part, kept))), passed - kept)


def _anew(operations: Iterable[Operation]) -> Iterator[Operation]:
    """``operations`` in which no draw is replayed, and loops are as long as they were."""
    for operation in operations:
        match operation:
            case Repeat(_, opening, body, closing):
                parts = (tuple(_anew(each)) for each in (opening, body, closing))
                opening, body, closing = parts
                yield replace(operation, opening=opening, body=body, closing=closing)
            case Draw() | Open() | Begin() | Outcomes():
                yield replace(operation, replayed=False)
            case Count():
                continue
            case _:
                yield operation
