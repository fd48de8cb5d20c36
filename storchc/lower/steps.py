"""Values with a dimension for the steps of a loop.

After a loop the score of a sample in it, and every cost, has such a dimension in front of its
plates. The loss treats it as it treats a plate that is summed (LOSS.md §6).
"""

from __future__ import annotations

from functools import partial

from storchc.ir.nodes import Cost, Sample
from storchc.ir.steps import Seen, common
from storchc.ir.types import NO_PLATES, Plates
from storchc.lower.reductions import reduce_all
from storchc.lower.shares import Shares
from storchc.lower.story import Scope, Story
from storchc.lower.weights import counted, product_of, weights_of
from storchc.program.slots import Slot
from storchc.program.terms import Counting, How, InSteps, Read, Term, detach


def in_steps(story: Story, seen: Seen, score: Term) -> Term:
    """A score as it is seen: in the same step, summed over earlier ones, or over both."""
    if seen.level is None:
        return score
    loop = story.samples[seen.name].loops[seen.level]
    how: How = "here" if seen.same else "earlier"
    return InSteps(score, loop, how, score.stored)


def credited(story: Story, scope: Scope, sample: Sample, seen: Seen, shares: Shares) -> Term:
    """A cost as ``sample`` sees it, detached, for each element of its unmixed plates.

    It is seen in the same step, summed over later ones, or over both.
    """
    cost = story.graph.cost_by_name[seen.name]
    depth = common(sample.loops, cost.loops) if seen.level is None else seen.level + 1
    kept = shares.kept | frozenset(cost.loops[:depth])
    slot = Slot("cost", cost.name)
    origin = story.estimation.cost_origin(cost.name)
    shared = shares.times(story, scope, origin, detach(Read(slot, scope[slot])))
    plates = all_plates(cost) - kept
    reduced = reduce_all(story, scope, shared, plates, origin, attached=False)
    if seen.level is None:
        return reduced
    how: How = "from here" if seen.same else "later"
    finite = _counting(story, scope, cost, reduced)
    return InSteps(finite, cost.loops[seen.level], how, finite.stored)


def _counting(story: Story, scope: Scope, cost: Cost, term: Term) -> Term:
    """A cost that is 0 where its step weighs nothing and it is infinite: earlier steps weigh more.

    They see the sum over the steps behind them, which is to be a baseline's.
    """
    if not steps_kept(story, cost):
        return term
    origin = story.estimation.cost_origin(cost.name)
    for plate in story.storage.order(term.stored - frozenset(cost.loops)):
        weights = weights_of(story, plate, origin, term.stored)
        if weights.samples:
            factor = detach(product_of(weights, partial(counted, story, scope, weights)))
            term = Counting(term, factor, term.stored | factor.stored)
    return term


def all_plates(cost: Cost) -> Plates:
    """The plates of a cost, and the steps of the loops around it: all that its total reduces."""
    return cost.value.type.plates | frozenset(cost.loops)


def steps_kept(story: Story, cost: Cost) -> tuple[str, ...]:
    """The loops around a cost, where what it weighs differs from step to step; else none."""
    origin, around = story.estimation.cost_origin(cost.name), frozenset(cost.loops)
    plates = cost.value.type.plates if around else NO_PLATES
    weighing = {s for plate in plates for s in weights_of(story, plate, origin).samples}
    told = any(around.intersection(steps_told(story, story.samples[s])) for s in weighing)
    return cost.loops if told else ()


def steps_told(story: Story, sample: Sample) -> tuple[str, ...]:
    """The loops around a sample whose steps its weights tell apart."""
    estimator = story.estimator(sample.name)
    independent = estimator.weighted and not (estimator.joint or estimator.enumerated)
    return sample.loops if independent else ()


def alive_weights(scope: Scope, sample: Sample) -> Term | None:
    """1 where an element of a sample counts, 0 where it has stopped; None where none can stop."""
    masks = [slot for loop in sample.loops if (slot := Slot("alive", loop)) in scope]
    return Read(masks[-1], scope[masks[-1]]) if masks else None
