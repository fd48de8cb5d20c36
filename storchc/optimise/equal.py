"""Equal sums and means, written once.

In loops a cost is multiplied by the scores of the steps up to its own: what several costs ask for
is the same running sum. Several samples are credited with the same costs, over the same plates.
Such a sum gets a name where it is first asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import field

from storchc.program.operation import Operation
from storchc.program.slots import Slot
from storchc.program.statements import Eval
from storchc.program.terms import (
    How,
    InSteps,
    Part,
    Read,
    Reduced,
    Summed,
    Term,
    Weighted,
    exchanged,
    inner,
    leaves,
)
from storchc.records import dataclass

Reduction = InSteps | Summed | Reduced | Weighted


def equal_once(operations: Sequence[Operation]) -> list[Operation]:
    """``operations`` of a loss, with the sums that stand in several terms before the first."""
    found = Counter[Reduction]()
    for term in (term for each in operations for term in each.terms()):
        _count(term, found)
    again = [part for part, times in found.items() if times > 1]
    if not again:
        return [*operations]
    named = _Named({part: _read(part, number) for number, part in enumerate(again)})
    return [each for operation in operations for each in named.asked_for(operation)]


def _count(term: Term, found: Counter[Reduction]) -> None:
    """How often a term asks for each reduction; what one of these asks for counts once."""
    if isinstance(term, InSteps | Summed | Reduced | Weighted):
        found[term] += 1
        if found[term] > 1:
            return
    for part in inner(term):
        _count(part, found)


@dataclass(slots=True)
class _Named:
    """Terms by the names that they get; those ``given`` have theirs."""

    names: dict[Term, Read]
    given: set[Term] = field(default_factory=set)

    def asked_for(self, operation: Operation) -> Iterator[Operation]:
        """An operation that asks for terms by name, behind those that have none yet."""
        for term in operation.terms():
            yield from self._before(term)
        yield operation.with_terms(lambda term: exchanged(term, self.names))

    def _before(self, term: Term) -> Iterator[Operation]:
        if term in self.given:
            return
        for part in inner(term):
            yield from self._before(part)
        if term in self.names:
            self.given.add(term)
            others = {part: name for part, name in self.names.items() if part != term}
            yield Eval(self.names[term].slot, exchanged(term, others))


# --- names ---------------------------------------------------------------------------------------


def _read(term: Reduction, number: int) -> Read:
    """``y_score``, ``miss_sum``, ``miss_to_come``: what is reduced, and how."""
    leaf = next(leaf for leaf in leaves(term) if isinstance(leaf, Read | Part))
    words = [leaf.slot.name, _how(term)]
    if isinstance(leaf, Part) and leaf.member == "score":
        words = [leaf.slot.name, *([_how(term)] if isinstance(term, InSteps) else []), "score"]
    return Read(Slot("term", "_".join(filter(None, words)), number), term.stored)


def _how(term: Reduction) -> str:
    match term:
        case InSteps(how=how):
            return _STEPS[how]
        case Reduced(kind=kind):
            return kind
        case Summed():
            return "sum"
        case Weighted():
            return "mean"


_STEPS: dict[How, str] = {
    "here": "",
    "earlier": "earlier",
    "from here": "to_come",
    "later": "later",
}
