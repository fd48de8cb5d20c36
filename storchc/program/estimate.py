"""The loss, and what an estimate holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

from storchc.ir.nodes import Sample
from storchc.ir.types import Plates
from storchc.program.operation import Filling, Operation, free
from storchc.program.reads import Drawn, read
from storchc.program.slots import Slot
from storchc.program.statements import Eval
from storchc.program.terms import Term
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Function(Filling):
    """``target`` holds what is downstream of a sample, as a function of another value of it."""

    sample: Sample
    value: Slot
    body: tuple[Operation, ...]
    result: Term
    stored: Plates

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        return (slot for slot in free(drawn, self.nested()) if slot != self.value)

    def nested(self) -> tuple[Operation, ...]:
        """What is in it, its result as what it makes of the value."""
        return (*self.body, Eval(self.value, self.result))


@dataclass(frozen=True, slots=True)
class Downstream(Filling):
    """``target`` holds what is downstream of a sample, for the control variate of its method.

    ``credited`` is the downstream cost R, detached; ``baseline`` the value of a learned baseline,
    ``weights`` those of the elements of R where they are not all equal, ``mixed`` the plates that
    are mixed on the way, ``joined`` and ``slope`` what is joined and how the cost moves with it.
    ``critic`` names a module of the method; ``elsewhere`` holds the function of other values of the
    sample: of many at once if it ``folds``; it ``draws`` anew.
    """

    sample: str
    stored: Plates
    credited: Term
    slot: int
    mixed: Plates
    baseline: Term | None
    weights: Term | None
    joined: Term | None
    slope: Term | None
    critic: str | None
    elsewhere: Slot | None = None
    folds: bool = True
    draws: bool = False

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (slot for term in self.terms() for slot in read(drawn, term))
        if self.elsewhere is not None:
            yield self.elsewhere

    def terms(self) -> tuple[Term, ...]:
        told = self.baseline, self.weights, self.joined, self.slope
        return (self.credited, *(term for term in told if term is not None))

    def with_terms(self, made: Callable[[Term], Term]) -> Self:
        def told(term: Term | None) -> Term | None:
            return None if term is None else made(term)

        return replace(
            self,
            credited=made(self.credited),
            baseline=told(self.baseline),
            weights=told(self.weights),
            joined=told(self.joined),
            slope=told(self.slope),
        )


@dataclass(frozen=True, slots=True)
class Control(Filling):
    """``target`` holds the control variate of a sample."""

    sample: str
    downstream: Slot

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (Slot("draw", self.sample), self.downstream)


@dataclass(frozen=True, slots=True)
class OwnLoss(Filling):
    """``target`` holds what trains the parameters of a sample's method."""

    sample: str
    downstream: Slot

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (Slot("draw", self.sample), self.downstream)


@dataclass(frozen=True, slots=True)
class Total(Filling):
    """``target`` holds the loss: the sum of ``parts``, then of those that are there, by control.

    The control variates of users' methods may be None. ``order`` and ``kinks`` limit the
    derivatives that are right; ``inside``: modules may bend too.
    """

    parts: tuple[Term, ...]
    late: tuple[tuple[Slot, Term], ...]
    order: int | None
    kinks: int | None
    inside: bool

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        for part in self.parts:
            yield from read(drawn, part)
        for slot, part in self.late:
            yield slot
            yield from read(drawn, part)

    def terms(self) -> tuple[Term, ...]:
        return (*self.parts, *(term for _, term in self.late))

    def with_terms(self, made: Callable[[Term], Term]) -> Self:
        late = tuple((slot, made(term)) for slot, term in self.late)
        return replace(self, parts=tuple(map(made, self.parts)), late=late)


@dataclass(frozen=True, slots=True)
class Estimate(Operation):
    """What the program returns: the loss, and by name the draws, costs and reports.

    A cost is the sum of what its slots hold, summed over the steps of the loops beside them.
    ``own`` hold what trains methods.
    """

    loss: Slot
    draws: tuple[tuple[str, Slot], ...]
    costs: tuple[tuple[str, tuple[Slot, ...], tuple[str, ...]], ...]
    reports: tuple[tuple[str, Slot], ...]
    own: tuple[Slot, ...]

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (self.loss, *self.own, *(slot for _, slot in (*self.draws, *self.reports)))
        yield from (slot for _, slots, _ in self.costs for slot in slots)
