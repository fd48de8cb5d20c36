"""The loss, and what an estimate holds."""

from __future__ import annotations

from collections.abc import Iterator

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
        inner = free(drawn, (*self.body, Eval(self.value, self.result)))
        return (slot for slot in inner if slot != self.value)


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
        terms = self.baseline, self.weights, self.joined, self.slope
        for term in (self.credited, *terms):
            if term is not None:
                yield from read(drawn, term)
        if self.elsewhere is not None:
            yield self.elsewhere


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


@dataclass(frozen=True, slots=True)
class Estimate(Operation):
    """What the program returns: the loss, and by name the draws, costs and reports.

    A cost is summed over the steps of the loops beside it. ``own`` hold what trains methods.
    """

    loss: Slot
    draws: tuple[tuple[str, Slot], ...]
    costs: tuple[tuple[str, Slot, tuple[str, ...]], ...]
    reports: tuple[tuple[str, Slot], ...]
    own: tuple[Slot, ...]

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (self.loss, *self.own, *(slot for _, slot in (*self.draws, *self.reports)))
        yield from (slot for _, slot, _ in self.costs)
