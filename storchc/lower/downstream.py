"""The downstream costs of samples, for their control variates (LOSS.md §4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from functools import partial

from storchc.analysis.estimation import Origin
from storchc.ir.expression import Value
from storchc.ir.nodes import ModuleOption, Sample
from storchc.ir.steps import Seen
from storchc.ir.types import NO_PLATES, Plates
from storchc.lower.block import Block
from storchc.lower.reductions import reduce_all
from storchc.lower.shares import Shares, shares_of
from storchc.lower.slopes import joined, slope
from storchc.lower.steps import alive_weights, credited
from storchc.lower.story import Scope, Story
from storchc.lower.weights import counted, product_of, weights_of
from storchc.program.estimate import Downstream, Function
from storchc.program.slicing import drawn_in
from storchc.program.slots import Slot
from storchc.program.terms import Read, Term, detach, infix
from storchc.records import dataclass

Writing = Callable[[Sample, int, tuple[str, ...], Shares], Function]
"""Writes what is downstream of a sample as a function of its value."""


@dataclass(slots=True)
class DownstreamCosts:
    """The downstream costs R of samples, the newest first, each built from a later one's."""

    story: Story
    scope: Scope
    block: Block
    writing: Writing
    known: dict[tuple[Seen, ...], tuple[str, Term]] = field(default_factory=dict)

    def add(self, sample: Sample, slot: int, mixed: Plates, costs: tuple[Seen, ...]) -> Slot:
        """The slot that holds what is downstream of a sample, for its control variate."""
        story, scope = self.story, self.scope
        shares = shares_of(story, scope, sample, mixed, costs)
        names = tuple(cost.name for cost in costs)
        target = Slot("downstream", sample.name, slot)
        credit = self._credited(sample, mixed, costs, shares)
        joins = joined(scope, sample, mixed)
        operation = Downstream(
            target=target,
            sample=sample.name,
            stored=story.score_plates(sample),
            credited=credit,
            slot=slot,
            mixed=mixed,
            baseline=self._baseline(sample),
            weights=self._element_weights(sample),
            joined=joins,
            slope=slope(story, scope, self.block, sample, mixed, names) if joins else None,
            critic=self._critic(sample),
        )
        if story.estimator(sample.name).looks:
            operation = self._with_function(operation, self.writing(sample, slot, names, shares))
        self.block.add(operation)
        return target

    def _with_function(self, operation: Downstream, function: Function) -> Downstream:
        """With what is downstream of the sample as a function of its value, too."""
        self.block.add(function)
        folds, draws = self._folds(function), bool(drawn_in(function.body))
        return replace(operation, elsewhere=function.target, folds=folds, draws=draws)

    def _folds(self, function: Function) -> bool:
        """Whether many values may be given at once, as further elements of the sample's own plate.

        They may not where something that does not depend on the sample has that plate too.
        """
        story, sample = self.story, function.sample
        if sample.joins or sample.name in story.storage.flat:
            return False
        looked = {*function.looked_at(story.drawn)}
        plates = [self.scope.get(slot, NO_PLATES) for slot in looked if slot.kind != "draw"]
        made = drawn_in(function.body) | {sample.name}
        for name in story.samples.keys() - made:
            estimator = story.estimator(name)
            if (estimator.enumerated or estimator.weighted) and Slot("draw", name) in self.scope:
                plates.append(story.weight_plates(self.scope, name))
        return not any(sample.plate in stored for stored in plates)

    def _baseline(self, sample: Sample) -> Term | None:
        """The learned baseline of a sample; in a loop that of every step."""
        slot = Slot("baseline", sample.name)
        if slot in self.scope:
            return Read(slot, self.scope[slot])
        value = self.story.estimator(sample.name).values.get("baseline")
        if not isinstance(value, Value):
            return None
        return self.block.stated(self.scope, value, plain=False)

    def _critic(self, sample: Sample) -> str | None:
        """The module that the method of a sample trains, where its catalogue row knows of one."""
        estimator = self.story.estimator(sample.name)
        if estimator.entry is None:
            return None
        options = (v for v in estimator.constants.values() if isinstance(v, ModuleOption))
        return next((option.name for option in options), None)

    def _credited(
        self, sample: Sample, mixed: Plates, costs: tuple[Seen, ...], shares: Shares
    ) -> Term:
        """R: the detached costs, reduced over all plates but the sample's unmixed ones."""
        apart = self._apart(shares, costs)
        later, left = ([], costs) if apart else self._nested(shares.kept, costs)
        each = partial(credited, self.story, self.scope, sample, shares=shares)
        total = self.block.added([*later, *map(each, left)])
        total = self.block.named(f"after_{sample.name}", total)
        if not mixed and not apart:
            self.known[costs] = sample.name, total
        return total

    def _apart(self, shares: Shares, costs: tuple[Seen, ...]) -> bool:
        """Whether the elements of a sample count otherwise in its costs."""
        origins = (self.story.estimation.cost_origin(cost.name) for cost in costs)
        return any(shares.further(self.story, origin) for origin in origins)

    def _nested(self, kept: Plates, costs: tuple[Seen, ...]) -> tuple[list[Term], tuple[Seen, ...]]:
        """What a later sample is credited with already, where that is a part of these costs."""
        for known, (later, term) in reversed(self.known.items()):
            if self.story.graph.loop_names:
                break  # a cost of a loop is seen otherwise from other steps
            plates = self.story.samples[later].type.plates
            if not (kept <= plates and set(known) <= set(costs)):
                continue
            if any(self._weighs(plate) for plate in plates - kept):
                continue
            origin = self._origin(later)
            reduced = reduce_all(self.story, self.scope, term, plates - kept, origin)
            present = set(known)
            return [reduced], tuple(c for c in costs if c not in present)
        return [], costs

    def _weighs(self, plate: str) -> bool:
        """Whether the elements of a plate may count differently, be it in some of the costs."""
        within = self.story.graph.along(plate)
        estimators = [self.story.estimator(s.name) for s in within]
        return any(e.enumerated or e.weighted for e in estimators)

    def _origin(self, sample: str) -> Origin:
        return self.story.estimation.origin(lambda d: d.values[sample])

    def _element_weights(self, sample: Sample) -> Term | None:
        """The weights of the elements of R, for averages over them; None where all are equal."""
        origin, stored = self._origin(sample.name), self.story.score_plates(sample)
        total = alive_weights(self.scope, sample)
        for plate in self.story.storage.order(stored):
            weights = weights_of(self.story, plate, origin, stored)
            if weights.samples:
                each = partial(counted, self.story, self.scope, weights)
                more = product_of(weights, each)
                total = more if total is None else infix("*", total, more)
        return None if total is None else detach(total)
