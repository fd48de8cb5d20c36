"""Equal sums of scores, written once.

In loops a cost is multiplied by the scores of the steps up to its own: what several costs ask for
is the same running sum. It gets a name where it is first asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeGuard

from storchc.program.operation import Operation
from storchc.program.slots import Slot
from storchc.program.statements import Eval
from storchc.program.terms import InSteps, Part, Read, Summed, Term, exchanged, inner


def equal_once(operations: Sequence[Operation]) -> Iterator[Operation]:
    """``operations`` of a loss, with the sums that stand in several terms before the first."""
    found = Counter(part for each in operations for term in each.terms() for part in _sums(term))
    again = [part for part, times in found.items() if times > 1]
    names = {part: _named(part, number) for number, part in enumerate(again)}
    given = set[Term]()
    for each in operations:
        for part in (part for term in each.terms() for part in _sums(term)):
            if part in names and part not in given:
                given.add(part)
                yield Eval(names[part].slot, part)
        yield each.with_terms(lambda term: exchanged(term, names)) if names else each


def _sums(term: Term) -> Iterator[Term]:
    """The sums of scores in a term, each the outermost."""
    if _is_sum(term):
        yield term
        return
    for part in inner(term):
        yield from _sums(part)


def _is_sum(term: Term) -> TypeGuard[InSteps | Summed]:
    return isinstance(term, InSteps | Summed) and _score(term) is not None


def _score(term: Term) -> Part | None:
    """The score that is summed, once or twice."""
    while isinstance(term, InSteps | Summed):
        term = term.term
    return term if isinstance(term, Part) and term.member == "score" else None


def _named(term: Term, number: int) -> Read:
    score = _score(term)
    assert score is not None
    return Read(Slot("term", f"{score.slot.name}_score", number), term.stored)
