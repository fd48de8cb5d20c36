"""The weights of plates, and the order in which plates are reduced (LOSS.md §1, §3).

A plate goes before every plate that its weights carry, which is nearly always: newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce

from storchc.analysis.estimation import Origin
from storchc.ir.types import NO_PLATES, Plates
from storchc.lower.story import UNWEIGHED, Scope, Story
from storchc.program.terms import Term, Weight, detach, infix
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """The samples whose weights multiply to those of some plates.

    ``averaged`` are the plates whose 1/n is not among the weights. Those in ``cut`` reach the value
    through a `stop_gradient` only: no gradient goes that way. Independent weights are multiplied
    over the plates in ``mixed`` that were reduced before them (LOSS.md §3). ``steps`` are the loops
    whose steps the value tells apart: it weighs what was drawn up to its own step (LOSS.md §6).
    """

    samples: tuple[str, ...]
    averaged: tuple[str, ...]
    cut: frozenset[str]
    mixed: tuple[tuple[str, Plates], ...] = ()
    steps: Plates = NO_PLATES

    def over(self, sample: str) -> Plates:
        """The plates over which the weights of ``sample`` are multiplied."""
        return dict(self.mixed).get(sample, NO_PLATES)


def weights_of(story: Story, plate: str, origin: Origin, stored: Plates = NO_PLATES) -> Weights:
    """The weights of ``plate`` for a value of this origin, ``stored`` with these plates."""
    along = story.weighing.get(plate, UNWEIGHED)
    weighing = {
        s
        for s in along.samples
        if story.estimator(s).enumerated or s in origin.touched or s in along.chosen
    }
    if not weighing.isdisjoint(along.joint):  # its first part knows the weights of the whole
        weighing = weighing.difference(along.joint) | {plate}
    samples = tuple(s for s in dict.fromkeys((plate, *along.samples)) if s in weighing)
    cut = frozenset(s for s in samples if s not in origin.credited)
    averaged = plate not in weighing
    independent = [s for s in samples if not story.estimator(s).enumerated]
    mixed = tuple((s, m) for s in independent if (m := origin.carried.get(s, NO_PLATES)))
    steps = stored.intersection(story.graph.loop_names)
    return Weights(samples, (plate,) if averaged else (), cut, mixed, steps)


def reductions(
    story: Story, scope: Scope, plates: Plates, origin: Origin, stored: Plates = NO_PLATES
) -> Iterator[tuple[tuple[str, ...], Weights]]:
    """The plates in the order in which they are reduced, with their weights.

    Plates whose weights carry one another go together.
    """
    left = {p: weights_of(story, p, origin, stored) for p in story.storage.order(plates)}
    carried = {p: _carried(story, scope, w) - {p} for p, w in left.items()}
    while left:
        free = next((p for p in left if not any(p in carried[q] for q in left)), None)
        group = tuple(p for p in left if carried[p] & left.keys()) if free is None else (free,)
        yield group, _together([left.pop(p) for p in group])


def _carried(story: Story, scope: Scope, weights: Weights) -> Plates:
    found = (
        story.weight_plates(scope, s, weights.steps) - weights.over(s) for s in weights.samples
    )
    return frozenset[str]().union(*found)


def _together(parts: list[Weights]) -> Weights:
    if len(parts) == 1:
        return parts[0]
    samples = tuple(s for w in parts for s in w.samples)
    averaged = tuple(p for w in parts for p in w.averaged)
    cut = frozenset[str]().union(*(w.cut for w in parts))
    mixed = tuple(m for w in parts for m in w.mixed)
    return Weights(samples, averaged, cut, mixed, parts[0].steps)


# --- as terms ------------------------------------------------------------------------------------


def weight_of(story: Story, scope: Scope, weights: Weights, sample: str, *, attached: bool) -> Term:
    """The weight of ``sample``; if ``attached``, with the gradient that weights may carry."""
    weight = counted(story, scope, weights, sample)
    carries = attached and sample not in weights.cut
    return weight if carries or not story.estimator(sample).enumerated else detach(weight)


def counted(story: Story, scope: Scope, weights: Weights, sample: str) -> Term:
    """A weight; multiplied over plates that were reduced before."""
    loops, over = story.samples[sample].loops, weights.over(sample)
    stored = story.weight_plates(scope, sample, weights.steps)
    told = len(stored & weights.steps)
    own = story.weight_plates(scope, sample) if over else stored
    return Weight(sample, len(loops) if told else 0, told, own, over, stored - over)


def product_of(weights: Weights, weight: Callable[[str], Term]) -> Term:
    """The product of the weights of several samples in one plate."""
    return reduce(lambda a, b: infix("*", a, b), map(weight, weights.samples))
