"""What follows a sample: the costs it is credited with, for its control variate (LOSS.md §4)."""

from __future__ import annotations

from dataclasses import field
from functools import partial

from storchc.analysis.estimation import Origin
from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.follows import Surrogate, further
from storchc.backend.reductions import Weights, product_of, reduce_all, weight_code, weights_of
from storchc.backend.shares import Shares, shares_of
from storchc.backend.slopes import join_options
from storchc.backend.statements import baseline
from storchc.backend.sums import added
from storchc.backend.timed import alive_weights, following, stored_of
from storchc.backend.writer import Writer
from storchc.ir.nodes import Cost, Sample
from storchc.ir.steps import Seen
from storchc.ir.types import Plates
from storchc.python.expressions import Py, call, infix, literal, method, tuple_of
from storchc.records import dataclass


@dataclass(slots=True)
class Followers:
    """The downstream costs R of the samples, newest sample first, each built from a later one's."""

    writer: Writer
    block: Block
    samples: dict[str, Sample]
    costs: dict[str, Cost]
    surrogate: Surrogate
    known: dict[tuple[Seen, ...], tuple[str, Code]] = field(default_factory=dict)

    def of(self, sample: Sample, slot: int, mixed: Plates, costs: tuple[Seen, ...]) -> Py:
        """``Downstream(R, ...)`` with R broadcast to the dimensions of the score."""
        storage = self.writer.storage
        stored = stored_of(self.writer, sample)
        shares = shares_of(self.writer, sample, mixed, costs)
        code = self._credited(sample, mixed, costs, shares)
        options: dict[str, Py] = {}
        learned = baseline(self.writer, sample)
        if learned is not None:
            value = self.writer.tensor(learned)
            options["baseline"] = storage.align_whole(value.py, value.stored, stored)
        if slot:
            options["slot"] = literal(slot)
        if mixed:
            dims = [storage.dim(p, stored) for p in storage.order(mixed)]
            options["mixed"] = tuple_of(*map(literal, dims))
        if weights := self._element_weights(sample, stored):
            options["weights"] = weights
        names = tuple(cost.name for cost in costs)
        options |= join_options(self.writer, sample, mixed, names)
        options |= further(self.writer, self.block, sample, shares, names, self.surrogate)
        aligned = storage.align_whole(code.py, code.stored, stored)
        return call(self.writer.runtime("Downstream"), aligned, **options)

    def _credited(
        self, sample: Sample, mixed: Plates, costs: tuple[Seen, ...], shares: Shares
    ) -> Code:
        """R: the detached costs, reduced over all plates but the sample's unmixed ones."""
        kept, apart = shares.kept, self._apart(shares, costs)
        later, left = ([], costs) if apart else self._nested(kept, costs)
        parts = [*later, *(following(self.writer, sample, cost, shares) for cost in left)]
        code = self.writer.named(f"after_{sample.name}", added(self.writer, parts))
        if not mixed and not apart:
            self.known[costs] = sample.name, code
        return code

    def _apart(self, shares: Shares, costs: tuple[Seen, ...]) -> bool:
        """Whether the elements of a sample count otherwise in its costs."""
        origins = (self.writer.estimation.cost_origin(cost.name) for cost in costs)
        return any(shares.further(self.writer, origin) for origin in origins)

    def _nested(self, kept: Plates, costs: tuple[Seen, ...]) -> tuple[list[Code], tuple[Seen, ...]]:
        """What a later sample is credited with already, where that is a part of these costs."""
        for known, (later, code) in reversed(self.known.items()):
            if self.writer.graph.loop_names:
                break  # a cost of a loop is seen otherwise from other steps
            plates = self.samples[later].type.plates
            if not (kept <= plates and set(known) <= set(costs)):
                continue
            if any(self._weighs(plate) for plate in plates - kept):
                continue
            reduced = reduce_all(self.writer, code, plates - kept, self._origin(later))
            present = set(known)
            return [reduced], tuple(c for c in costs if c not in present)
        return [], costs

    def _weighs(self, plate: str) -> bool:
        """Whether the elements of a plate may count differently, be it in some of the costs."""
        estimators = self.writer.estimation.estimators
        within = (s.name for s in self.samples.values() if s.plate == plate)
        return any(estimators[s].enumerated or estimators[s].weighted for s in within)

    def _origin(self, sample: str) -> Origin:
        return self.writer.estimation.origin(lambda d: d.values[sample])

    def _element_weights(self, sample: Sample, stored: Plates) -> Py | None:
        """The weights of the elements of R, for averages over them; None where all are equal."""
        origin = self._origin(sample.name)
        total = alive_weights(self.writer, sample)
        for plate in self.writer.storage.order(stored):
            weights = weights_of(self.writer, plate, origin, stored)
            if weights.samples:
                each = partial(self._weight, weights)
                total = self._times(total, Code(*product_of(self.writer, weights, each)))
        if total is None:
            return None
        detached = method(total.py, "detach")
        return self.writer.storage.align_whole(detached, total.stored, stored)

    def _weight(self, weights: Weights, sample: str) -> Py:
        return weight_code(self.writer, sample, weights.steps)

    def _times(self, total: Code | None, more: Code) -> Code:
        if total is None:
            return more
        plates = total.stored | more.stored
        sides = [self.writer.storage.align(c.py, c.stored, 0, plates) for c in (total, more)]
        return Code(infix("*", *sides), plates)
