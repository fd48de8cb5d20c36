"""What a control variate evaluates elsewhere, written once: a function, for the drawn value too.

Methods such as DisARM and REBAR look at costs at values of a sample that were not drawn. What leads
from the sample to its costs becomes a local function then; it is called where it stood, and at the
other values. What does not depend on the sample is computed before it. So far it is for samples
below which nothing else is drawn and no loop runs; elsewhere the part is written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storchc.ir.nodes import Sample
from storchc.program.joint import Choose, Reindex
from storchc.program.loops import Repeat
from storchc.program.operation import Operation, all_filled
from storchc.program.reads import Drawn
from storchc.program.shared import Call, Shared
from storchc.program.slicing import (
    dependent_on,
    drawn_in,
    leading_to,
    parts_leading_to,
    with_notes,
)
from storchc.program.slots import Slot
from storchc.program.statements import Note, Take
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Looking:
    """A sample whose method looks at other values, and the costs that it looks at there."""

    sample: Sample
    costs: frozenset[Slot]


def written_once(
    drawn: Drawn, operations: Sequence[Operation], looking: Sequence[Looking]
) -> list[Operation]:
    """``operations`` with what lies below samples in functions, the last sample first."""
    found = [*operations]
    for each in reversed(looking):
        found = _once(drawn, found, each)
    return found


def _once(drawn: Drawn, operations: list[Operation], looking: Looking) -> list[Operation]:
    value = Slot("value", looking.sample.name)
    at = (n for n, each in enumerate(operations) if isinstance(each, Take) and each.target == value)
    start = next(at, None)
    if start is None:
        return operations
    above, below = operations[: start + 1], operations[start + 1 :]
    touched = dependent_on(drawn, below, frozenset({value}))
    samples = drawn_in(leading_to(drawn, below, looking.costs, touched))
    wanted = looking.costs | {Slot("draw", name) for name in samples}
    parts = parts_leading_to(drawn, below, wanted, touched)
    if not parts or not _movable(below, parts, samples):
        return operations
    rest = {n: each for n, each in enumerate(below) if n not in parts}
    free = {n: o for n, o in rest.items() if touched.isdisjoint(o.looked_at(drawn))}
    bound = {n: each for n, each in rest.items() if n not in free}
    body = tuple(with_notes(below, parts))
    results = tuple(dict.fromkeys(all_filled(body)))
    target = Slot("shared", looking.sample.name)
    part = Shared(target, looking.sample, value, body, results, bool(samples))
    before, behind = with_notes(below, free), with_notes(below, bound)
    heading = Note(f"what is downstream of `{looking.sample.name}`", looking.sample.span)
    return [*above, *before, heading, part, Call(part, results, replayed=True), *behind]


def _movable(below: Sequence[Operation], parts: Mapping[int, Operation], samples: set[str]) -> bool:
    """Whether parts may stand in a function of their own.

    Nothing may be drawn in them, and nothing below may fill a slot again, in steps or by a joint
    choice: what stands behind the function would look at another value. Functions are not nested.
    """
    again = any(isinstance(each, Repeat | Choose | Reindex) for each in below)
    nested = any(isinstance(each, Shared | Call) for each in parts.values())
    return not (samples or again or nested)
