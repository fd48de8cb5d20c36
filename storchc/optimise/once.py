"""What a control variate evaluates elsewhere, written once: a function, for the drawn value too.

Methods such as DisARM and REBAR look at costs at values of a sample that were not drawn. What leads
from the sample to its costs becomes a local function then; it is called where it stood, and at the
other values. What does not depend on the sample is computed before it, of loops too (`split.py`),
what else depends on it behind. Draws may have another order then; what keeps in mind that it was
asked has not. The last sample comes first: an earlier one calls its function with further values.

A part stays where it is, and is written again for other values, where a function would be another
thing: `_wanted`, `_given`, … say when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import replace

from storchc.ir.expression import CallUser
from storchc.ir.nodes import Sample
from storchc.ir.types import Plates
from storchc.ir.walk import walk
from storchc.optimise.split import as_drawn, kept_draws, split
from storchc.program.loops import Append, Collect, Count, Repeat, Stack
from storchc.program.operation import Operation, all_filled
from storchc.program.reads import Drawn
from storchc.program.shared import Call, Shared
from storchc.program.sizes import asked
from storchc.program.slicing import (
    behind_value,
    dependent_on,
    drawn_in,
    evaluated,
    leading_to,
    parts_leading_to,
    with_notes,
)
from storchc.program.slots import Kind, Slot, Slots
from storchc.program.statements import Again, Alias, Draw, Note
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Looking:
    """A sample whose method looks at other values, and the groups of costs that it looks at there.

    ``inner`` are the values of samples whose control variates it needs there, and which look
    further.
    """

    sample: Sample
    groups: tuple[Slots, ...]
    inner: Slots

    @property
    def value(self) -> Slot:
        """What holds the value of the sample."""
        return Slot("value", self.sample.name)


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the story around: where things are ``stored``.

    ``listed`` are the samples of loops whose values are all evaluated anew, ``enumerated`` those
    whose weights are stored as their distributions are, ``stateful`` the functions that mind the
    order in which they are called.
    """

    drawn: Drawn
    stored: Mapping[Slot, Plates]
    listed: frozenset[str]
    enumerated: frozenset[str]
    stateful: frozenset[str]


def written_once(
    around: Around, operations: Sequence[Operation], looking: Sequence[Looking]
) -> list[Operation]:
    """``operations`` with what lies below samples in functions, the last sample first."""
    found, left = [*operations], set[Slot]()
    depends = [*_dependent_on_earlier(around.drawn, operations, looking)]
    for each, earlier in reversed([*zip(looking, depends, strict=True)]):
        made, wanted = None, _wanted(around, operations, each)
        if wanted is not None:
            made = _once(around, found, each, earlier, left, wanted)
        if made is None:
            left.add(each.value)
        else:
            found = made
    return found


def _dependent_on_earlier(
    drawn: Drawn, operations: Sequence[Operation], looking: Sequence[Looking]
) -> Iterator[Slots]:
    """For each sample what depends on those before it; of loops that do, all that they fill."""
    known = frozenset[Slot]()
    for each in looking:
        yield known
        start = behind_value(operations, each.value)
        below = () if start is None else operations[start:]
        touched = dependent_on(drawn, below, frozenset({each.value}))
        loops = (o for o in below if isinstance(o, Repeat) and not touched.isdisjoint(o.filled()))
        known |= touched.union(all_filled(loops))


def _once(
    around: Around,
    operations: list[Operation],
    looking: Looking,
    earlier: Slots,
    left: AnySet[Slot],
    wanted: int,
) -> list[Operation] | None:
    """``operations`` with the function of one sample; None where it stays as it is.

    ``earlier`` depends on samples that look before it.
    Of those that are ``left`` as they are none may be in the function: what is below them is found
    in the whole program. ``wanted`` is how much is computed elsewhere where it is written again.
    """
    drawn, start = around.drawn, behind_value(operations, looking.value)
    if start is None or not left.isdisjoint(looking.inner):
        return None
    touched = dependent_on(drawn, operations[start:], frozenset({looking.value}))
    below, alone = _split(around, operations[start:], looking, touched)
    parts = _parts(drawn, below, looking, touched)
    samples = drawn_in(parts.values()) - around.listed
    if kept_draws(samples, touched) or _computed(below[n] for n in parts) != wanted:
        return None
    only, *others = parts.values()
    if isinstance(only, Call) and not others:
        return [*_known_as(operations, only.shared, looking.sample.name)]
    last = max(parts)
    between = {n: each for n, each in enumerate(below[:last]) if n not in parts}
    behind = _behind_parts(around, below[: last + 1], parts)
    body = tuple(_uncounted(with_notes(below, {n: below[n] for n in parts})))
    if behind is None or not left.isdisjoint(all_filled(body)):
        return None
    later = [*behind.values(), *below[last + 1 :]]
    given = _given(around, operations, body, looking.value, earlier)
    if given is None or not _steady(drawn, body, given, later):
        return None
    results = tuple(slot for slot in dict.fromkeys(all_filled(body)) if slot not in alone)
    if not _returnable(drawn, results, later):
        return None
    target, draws = Slot("shared", looking.sample.name), bool(drawn_in(body))
    part = Shared(target, looking.sample, given, body, results, draws)
    before = {n: each for n, each in between.items() if n not in behind}
    heading = Note(f"what is downstream of `{looking.sample.name}`", looking.sample.span)
    front, back = with_notes(below, before), with_notes(below, behind)
    counts = (o for n in parts for o in evaluated((below[n],)) if isinstance(o, Count))
    counts = (o for o in counts if o.target not in alone)
    made = (*counts, heading, part, Call(part, results, replayed=True))
    return [*operations[:start], *front, *made, *back, *below[last + 1 :]]


def _split(
    around: Around, below: Sequence[Operation], looking: Looking, touched: Slots
) -> tuple[list[Operation], Slots]:
    """``below`` with loops apart from what they do besides, and what these fill.

    Steps that draw what does not depend on the sample, which is kept, do more than their part.
    """
    parts = _parts(around.drawn, below, looking, touched)
    found, alone = list[Operation](), frozenset[Slot]()
    for number, each in enumerate(below):
        part = parts.get(number)
        if isinstance(each, Repeat) and isinstance(part, Repeat):
            kept = kept_draws(drawn_in((part,)) - around.listed, touched)
            more = kept or _computed((each,)) != _computed((part,))
            two = split(around.drawn, each, part, kept, touched) if more else None
            if two is not None:
                found += two
                alone |= frozenset(two[0].filled())
                continue
        found.append(each)
    if alone:  # a draw that is kept needs no distribution
        parts = _parts(around.drawn, found, looking, touched)
        found = [parts.get(n, each) if _again(each) else each for n, each in enumerate(found)]
    return found, alone


def _again(operation: Operation) -> bool:
    return any(isinstance(each, Again) for each in evaluated((operation,)))


def _parts(
    drawn: Drawn, below: Sequence[Operation], looking: Looking, touched: Slots
) -> dict[int, Operation]:
    """What leads to the costs, and to what is drawn on the way."""
    costs = frozenset[Slot]().union(*looking.groups)
    samples = drawn_in(leading_to(drawn, below, costs, touched))
    draws = frozenset(Slot("draw", name) for name in samples)
    return parts_leading_to(drawn, below, costs | draws, touched)


def _uncounted(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Operations whose loops have been counted before: as often for every value."""
    for each in operations:
        if isinstance(each, Repeat):
            opening, body = tuple(_uncounted(each.opening)), tuple(_uncounted(each.body))
            yield replace(each, opening=opening, body=body)
        elif not isinstance(each, Count):
            yield each


def _known_as(operations: Iterable[Operation], shared: Shared, sample: str) -> Iterator[Operation]:
    """The function of a later sample is all that lies below ``sample``: it is called as it is."""
    for each in operations:
        if isinstance(each, Shared) and each.target == shared.target:
            each = replace(each, also=each.also | {sample})
        yield each


# --- where it must stay -------------------------------------------------------------------------


def _wanted(around: Around, operations: Sequence[Operation], looking: Looking) -> int | None:
    """How much is computed where what lies below a sample is written again for other values.

    A function is to compute no more: not what a loop leaves besides, nor what the function of a
    later sample computes alike for all values of this one. None where it cannot be the same: where
    groups of costs need different parts.
    """
    drawn, start = around.drawn, behind_value(operations, looking.value)
    if start is None:
        return None
    below = operations[start:]
    touched = dependent_on(drawn, below, frozenset({looking.value}))
    parts = _parts(drawn, below, looking, touched)
    for group in looking.groups if len(looking.groups) > 1 else ():
        if _parts(drawn, below, replace(looking, groups=(group,)), touched) != parts:
            return None
    kept = kept_draws(drawn_in(parts.values()) - around.listed, touched)
    parts = _parts(drawn, [*as_drawn(below, kept)], looking, touched) if kept else parts
    return _computed(parts.values()) if parts else None


def _computed(operations: Iterable[Operation]) -> int:
    """How many operations are more than lists of what steps leave."""
    left = (Note, Count, Collect, Append, Stack, Alias, Call)
    return sum(not isinstance(each, left) for each in evaluated(operations))


def _behind_parts(
    around: Around, below: Sequence[Operation], parts: Mapping[int, Operation]
) -> dict[int, Operation] | None:
    """What must stay behind the parts; None where one of them must stay behind that."""
    found, before, behind = dict[int, Operation](), _NOTHING, _NOTHING
    for number, operation in enumerate(below):
        access = _access(around, operation)
        if number in parts:
            if access.disturbs(behind):
                return None
            before = before.with_(access)
        elif access.disturbs(before) or access.disturbs(behind):
            found[number] = operation
            behind = behind.with_(access)
    return found


@dataclass(frozen=True, slots=True)
class _Access:
    """What operations ask for and fill; ``ordered``: something keeps in mind that it was asked."""

    asked: Slots
    filled: Slots
    ordered: bool

    def with_(self, other: _Access) -> _Access:
        """Both together."""
        asked, filled = self.asked | other.asked, self.filled | other.filled
        return _Access(asked, filled, self.ordered or other.ordered)

    def disturbs(self, earlier: _Access) -> bool:
        """Whether these may not stand before what stands before them."""
        fills = not self.filled.isdisjoint(earlier.asked | earlier.filled)
        asks = not self.asked.isdisjoint(earlier.filled)
        return fills or asks or (self.ordered and earlier.ordered)


_NOTHING = _Access(frozenset(), frozenset(), False)


def _access(around: Around, operation: Operation) -> _Access:
    every = frozenset(asked(around.drawn, (operation,)))
    ordered = _drawn_by_user(operation) or _calls(around, operation)
    return _Access(every, frozenset(operation.filled()), ordered)


def _calls(around: Around, operation: Operation) -> bool:
    """Whether a stateful function is called."""
    if not around.stateful:
        return False
    values = (value for each in evaluated((operation,)) for value in each.values())
    calls = (part for value in values for part in walk(value) if isinstance(part, CallUser))
    return any(part.callee in around.stateful for part in calls)


def _drawn_by_user(operation: Operation) -> bool:
    """Whether a distribution of the user's is drawn from: nobody knows what it minds."""
    draws = (each for each in evaluated((operation,)) if isinstance(each, Draw))
    return any(each.sample.distribution.type.declared is not None for each in draws)


def _given(
    around: Around,
    operations: Sequence[Operation],
    body: Sequence[Operation],
    value: Slot,
    earlier: Slots,
) -> tuple[tuple[Slot, Plates], ...] | None:
    """What the function is given: the value, and what depends on those that look above it.

    These are looked at elsewhere with others of the same. They must have one value in the story,
    and be something that a function can be given: None where they are not.
    """
    every = (slot for slot in asked(around.drawn, body) if slot != value and slot in earlier)
    filled = [slot for each in operations for slot in each.filled()]
    found = (value, *sorted(every, key=filled.index))
    for slot in found[1:]:
        weighs = slot.kind == "draw" and slot.name in around.enumerated
        if slot.kind not in _GIVEN or weighs or filled.count(slot) != 1:
            return None
    return tuple((slot, around.stored[slot]) for slot in found)


_GIVEN: frozenset[Kind] = frozenset({"value", "cost", "draw", "size", "sequence"})
_RETURNED: frozenset[Kind] = _GIVEN | {"alive", "baseline", "report"}


def _steady(
    drawn: Drawn,
    body: Sequence[Operation],
    given: Sequence[tuple[Slot, Plates]],
    later: Sequence[Operation],
) -> bool:
    """Whether what the function looks at outside of it is the same whenever it is called."""
    outside = frozenset(asked(drawn, body)).difference(slot for slot, _ in given)
    return outside.isdisjoint(all_filled(later))


def _returnable(drawn: Drawn, results: Sequence[Slot], later: Sequence[Operation]) -> bool:
    """Whether a function can return what is asked for behind it."""
    wanted = frozenset(asked(drawn, later)).intersection(results)
    return all(slot.kind in _RETURNED for slot in wanted)
