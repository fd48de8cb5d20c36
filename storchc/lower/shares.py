"""The shares that elements have in a cost, beyond those in the control variate of a sample.

A control variate is reduced with the weights that its sample knows of. A cost may have more in the
same plates: of samples that were drawn beside this one, or downstream of it from a proposal, and
products over plates that were reduced on the way. Where the costs themselves become the gradient
they are multiplied by those first.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from storchc.analysis.estimation import Origin
from storchc.ir.nodes import Sample
from storchc.ir.steps import Seen
from storchc.ir.types import NO_PLATES, Plates
from storchc.lower.story import Scope, Story
from storchc.lower.weights import Weights, product_of, weight_of, weights_of
from storchc.program.terms import Term, Times, infix
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares of the elements of the plates ``kept``; ``own`` is the control variate's origin.

    ``counted``: whether its value is made of the costs. Where its mean is zero whatever they are,
    it does not matter what its elements count.
    """

    kept: Plates
    own: Origin
    counted: bool

    def further(self, story: Story, origin: Origin) -> list[tuple[str, Weights, bool]]:
        """By plate: the weights of what has this origin that the control variate has not.

        At last whether the latter is averaged instead.
        """
        found = []
        for plate in story.storage.order(self.kept) if self.counted else ():
            every, known = (weights_of(story, plate, o) for o in (origin, self.own))
            more = tuple(s for s in every.samples if s not in known.samples)
            if more:
                averaged = bool(known.averaged) and not every.averaged
                found.append((plate, replace(every, samples=more), averaged))
        return found

    def times(self, story: Story, scope: Scope, origin: Origin, term: Term) -> Term:
        """``term``, of this origin, times the weights that the control variate lacks."""
        for plate, weights, averaged in self.further(story, origin):
            each = partial(weight_of, story, scope, weights, attached=False)
            term = infix("*", product_of(weights, each), term)
            if averaged:  # by the control variate, where these weights add up to 1
                term = Times(plate, term, term.stored)
        return term


def shares_of(
    story: Story, scope: Scope, sample: Sample, mixed: Plates, costs: tuple[Seen, ...]
) -> Shares:
    """The shares in the costs that ``sample`` is credited with, its plates ``mixed`` on the way."""
    estimator = story.estimator(sample.name)
    looks = estimator.entry is not None and bool(estimator.entry.looks)
    kept = sample.type.plates - mixed
    own = story.estimation.origin(lambda d: {**d.values[sample.name], sample.name: mixed})
    alike = _alike(story, scope, sample.name, own, kept, costs)
    return Shares(kept, alike, looks or estimator.carrier == "control")


def _alike(
    story: Story, scope: Scope, sample: str, own: Origin, kept: Plates, costs: tuple[Seen, ...]
) -> Origin:
    """Without the samples above whose independent weights the costs take otherwise (LOSS.md §3)."""
    estimators = story.estimation.estimators
    drawn = {s for s in own.touched if s in estimators and s != sample}
    weighing = [s for s in drawn if estimators[s].weighted and estimators[s].sampling.independent]
    others = [story.estimation.cost_origin(c.name) for c in costs] if weighing else []

    def differs(sample: str) -> bool:
        over = own.carried.get(sample, NO_PLATES)
        if not story.storage.full(kept).issuperset(story.weight_plates(scope, sample) - over):
            return True
        return any(other.carried.get(sample, NO_PLATES) != over for other in others)

    gone = {s for s in weighing if differs(s)}
    if not gone:
        return own
    return replace(own, touched={s: m for s, m in own.touched.items() if s not in gone})
