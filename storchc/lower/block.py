"""The operations of a part of a program while it is lowered; equal terms are named once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from storchc.ir.expression import Value
from storchc.lower.apart import Hoisting
from storchc.lower.stored import is_plain, stored_of
from storchc.lower.story import Scope
from storchc.program.operation import Operation
from storchc.program.slots import Slot
from storchc.program.statements import Eval, Note
from storchc.program.terms import Expression, Read, Sum, Term, rows, sum_of_rows
from storchc.records import dataclass

MANY = 6
"""Terms from which one stacked operation is faster, and reads better, than a chain of them."""


@dataclass(slots=True)
class Block:
    """Operations in order, and the terms among them that have a name."""

    hoisting: Hoisting
    operations: list[Operation] = field(default_factory=list)
    known: dict[Term, Read] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, operation: Operation) -> None:
        """One more."""
        self.operations.append(operation)

    def note(self, note: Note) -> None:
        """A comment above the operations behind it."""
        self.operations.append(note)

    def named(self, wanted: str, term: Term, comment: str | None = None) -> Read:
        """``term`` under a name: that of an equal term, if there is one."""
        if term in self.known:
            return self.known[term]
        number = self.counts.get(wanted, 0)
        self.counts[wanted] = number + 1
        read = self.known[term] = Read(Slot("term", wanted, number), term.stored)
        self.operations.append(Eval(read.slot, term, comment))
        return read

    def stated(self, scope: Scope, value: Value, *, plain: bool = True) -> Term:
        """An expression of the story as a detached term, which may be a number if ``plain``."""
        parts = self.hoisting.all_parts(value, detached=True)
        self.operations += parts.before
        story = self.hoisting.story
        stored = stored_of(story, scope, value)
        return Expression(value, parts.apart, True, plain and is_plain(value), stored)

    def added(self, terms: Sequence[Term]) -> Term:
        """The sum of terms: written out while they are few, stacked when they are many."""
        stored = frozenset[str]().union(*(t.stored for t in terms))
        same = [t for t in terms if t.stored == stored]
        rest = [t for t in terms if t.stored != stored]
        if len(same) >= MANY:
            same = [sum_of_rows(rows(same))]
        while len(rest) >= MANY:  # under names of their own: no expression grows without bound
            parts = (rest[i : i + MANY] for i in range(0, len(rest), MANY))
            rest = [self.named("part", Sum(tuple(part), stored)) for part in parts]
        every = (*same, *rest)
        return every[0] if len(every) == 1 else Sum(every, stored)
