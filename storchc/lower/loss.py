"""The loss of LOSS.md.

Σ_c Reduce[ box(L_c) · c ]  +  Σ_i Σ_M Reduce Σ_M [ box(L_before_i) · a_i^M ].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from storchc.analysis.facts.scores import Scores
from storchc.ir.nodes import Cost, Sample
from storchc.ir.steps import Seen
from storchc.ir.types import Plates
from storchc.lower.apart import Hoisting
from storchc.lower.block import Block
from storchc.lower.downstream import DownstreamCosts
from storchc.lower.elsewhere import elsewhere
from storchc.lower.plates import plates_behind
from storchc.lower.reductions import reduce_all
from storchc.lower.scores import ScoreSums, summed
from storchc.lower.shares import Shares, shares_of
from storchc.lower.steps import all_plates
from storchc.lower.story import Scope, Story
from storchc.lower.total import Summand, idle, totals
from storchc.optimise.equal import equal_once
from storchc.program.estimate import Control, Function, OwnLoss, Total
from storchc.program.operation import Operation
from storchc.program.reads import read
from storchc.program.shared import Shared
from storchc.program.slicing import needed_for
from storchc.program.slots import LOSS, Slot
from storchc.program.statements import Eval, Note
from storchc.program.terms import Read, Term
from storchc.records import dataclass

HEADING = "the loss: every cost with the scores of the samples that it depends on"


def loss(
    hoisting: Hoisting, scope: Scope, program: Sequence[Operation], functions: Iterable[Shared]
) -> list[Operation]:
    """The operations of the loss behind a ``program``; the last one holds it.

    Of samples that have ``functions`` what is downstream is called, of others it is cut out.
    """
    shared = {name: each for each in functions for name in (each.sample.name, *each.also)}
    made = _Loss(hoisting, scope, program, shared)
    made.control_variates(hoisting.story.graph.samples)
    made.block.note(Note(HEADING))
    made.block.add(made.total())
    return equal_once(made.block.operations)


@dataclass(slots=True)
class _Loss:
    """Builds the loss of one story, or the part of it that is downstream of a sample.

    ``program`` has what comes before it, ``shared`` the functions of what is downstream of samples.
    ``within`` are the samples of that part, ``costs`` its costs. ``late`` are the summands of
    methods of the user's, which may turn out to be none.
    """

    hoisting: Hoisting
    scope: Scope
    program: Sequence[Operation]
    shared: Mapping[str, Shared]
    within: frozenset[str] | None = None
    costs: tuple[str, ...] | None = None
    summands: list[Summand] = field(default_factory=list)
    late: list[tuple[Slot, Summand]] = field(default_factory=list)
    block: Block = field(init=False)
    sums: ScoreSums = field(init=False)
    downstream: DownstreamCosts = field(init=False)

    def __post_init__(self) -> None:
        self.block = Block(self.hoisting)
        self.sums = ScoreSums(self.story, self.block)
        self.downstream = DownstreamCosts(self.story, self.scope, self.block, self._function)
        self.summands = [self._cost(cost) for cost in self.story.graph.costs if self._pays(cost)]

    @property
    def story(self) -> Story:
        """What is known of the story."""
        return self.hoisting.story

    def control_variates(self, samples: Iterable[Sample]) -> None:
        """The control variates of these samples, the newest first."""
        for sample in reversed([*samples]):
            if not self.story.estimator(sample.name).controlled:
                continue
            groups = self.story.estimation.groups.get(sample.name, {})
            for slot, (mixed, every) in enumerate(groups.items()):
                chosen = every if self.costs is None else [c for c in every if c.name in self.costs]
                if chosen:
                    self._control_variate(sample, slot, mixed, tuple(chosen))

    def needs(self, sample: str) -> bool:
        """Whether a part needs the control variate of a sample: where it is all the gradient.

        Others lower its variance; those that look at further points would cost more than that.
        """
        estimator = self.story.estimator(sample)
        if self.within is None or sample not in self.within or estimator.entry is None:
            return False
        return estimator.carrier == "control" or not estimator.entry.looks

    def total(self) -> Total:
        """The whole loss."""
        known = self.story.estimation
        parts = totals(self.scope, self.sums, self.summands)
        late = [(slot, totals(self.scope, self.sums, [s])[0]) for slot, s in self.late]
        kinks = known.jumps.order if known.jumps.kinks else None
        inside = bool(known.jumps.inside)
        return Total(LOSS, tuple(parts), tuple(late), known.order, kinks, inside)

    def _function(
        self, sample: Sample, slot: int, costs: tuple[str, ...], shares: Shares
    ) -> Function:
        """What is downstream of a sample, for each element of the plates kept (LOSS.md §5).

        A method that asks for values has the costs themselves; one that asks for gradients has
        their surrogate, made of the scores and control variates downstream of the sample alone.
        """
        story, value = self.story, Slot("value", sample.name)
        stored = story.storage.full(sample.type.plates)
        anew = elsewhere(story, self.program, self.shared, sample, costs)
        scope = plates_behind(story, {**self.scope, value: stored}, anew.operations)
        part = _Loss(self.hoisting, scope, anew.operations, self.shared, anew.drawn, costs)
        entry = story.estimator(sample.name).entry
        if entry is not None and entry.looks == "gradients":
            part.control_variates(s for s in story.graph.samples if part.needs(s.name))
            result = part.surrogate(shares)
        else:
            result = part.plain(shares)
        target = Slot("elsewhere", sample.name, slot)
        *made, last = equal_once((*part.block.operations, Eval(value, result)))
        (result,) = last.terms()
        body = (*anew.operations, *made)
        needed = needed_for(story.drawn, body, frozenset(read(story.drawn, result)))
        return Function(target, sample, value, tuple(needed), result, stored)

    def plain(self, shares: Shares) -> Term:
        """The costs themselves, on the plates kept."""
        return self.block.added([self._unboxed(summand, shares) for summand in self.summands])

    def _unboxed(self, summand: Summand, shares: Shares) -> Term:
        counted = shares.times(self.story, self.scope, summand.origin, summand.term)
        plates, origin = summand.plates - shares.kept, summand.origin
        return reduce_all(self.story, self.scope, counted, plates, origin, attached=False)

    def surrogate(self, shares: Shares) -> Term:
        """The surrogate of the costs, on the plates kept."""
        return self.block.added([self._reduced(summand, shares) for summand in self.summands])

    def _reduced(self, summand: Summand, shares: Shares) -> Term:
        unweighed = idle(self.sums, summand)
        boxed = self.sums.boxed(summand.scores, summand.term, summand.name, idle=unweighed)
        boxed = shares.times(self.story, self.scope, summand.origin, boxed)
        plates = summand.plates - shares.kept
        return reduce_all(self.story, self.scope, boxed, plates, summand.origin)

    def _pays(self, cost: Cost) -> bool:
        return self.costs is None or cost.name in self.costs

    def _scores(self, scores: Scores) -> Scores:
        """The scores of the samples within."""
        return scores if self.within is None else scores.within(self.within)

    def _cost(self, cost: Cost) -> Summand:
        slot, known = Slot("cost", cost.name), self.story.estimation
        scores = self._scores(known.credit.scores[cost.name])
        read = Read(slot, self.scope[slot])
        return Summand(cost.name, read, scores, all_plates(cost), known.cost_origin(cost.name))

    def _control_variate(
        self, sample: Sample, slot: int, mixed: Plates, costs: tuple[Seen, ...]
    ) -> None:
        estimator, block = self.story.estimator(sample.name), self.block
        block.note(Note(f"the control variate of `{sample.name}`", sample.span))
        downstream = self.downstream.add(sample, slot, mixed, costs)
        control = Slot("control", sample.name, slot)
        block.add(Control(control, sample.name, downstream))
        if estimator.trains and self.within is None:
            block.add(OwnLoss(Slot("own loss", sample.name, slot), sample.name, downstream))
        summand = self._controlled(sample, control, mixed, costs)
        if estimator.entry is None:
            self.late.append((control, summand))
        else:
            self.summands.append(summand)

    def _controlled(
        self, sample: Sample, control: Slot, mixed: Plates, costs: tuple[Seen, ...]
    ) -> Summand:
        term: Term = Read(control, self.story.score_plates(sample))
        before = self._scores(self.story.estimation.credit.before[sample.name])
        wanted = f"before_{sample.name}"
        if mixed:  # summed with its box, which may have the mixed plates too
            boxed = self.sums.boxed(before, term, wanted)
            term, before = summed(self.story, boxed, mixed), before.nothing
        shares = shares_of(self.story, self.scope, sample, mixed, costs)
        plates = shares.kept | frozenset(sample.loops)
        return Summand(wanted, term, before, plates, shares.own)
