"""The loss of LOSS.md, written out.

Σ_c Reduce[ box(L_c) · c ]  +  Σ_i Σ_M Reduce Σ_M [ box(L_before_i) · a_i^M ].
"""

from __future__ import annotations

from dataclasses import field
from functools import reduce

from storchc.analysis.facts.credit import Scores
from storchc.backend.block import Block, place
from storchc.backend.code import Code
from storchc.backend.downstream import Followers
from storchc.backend.reductions import reduce_all
from storchc.backend.scores import ScoreSums, summed
from storchc.backend.shares import Shares, shares_of
from storchc.backend.sums import MANY, added, plus
from storchc.backend.timed import over_all, stored_of
from storchc.backend.total import Term, idle, reduced
from storchc.backend.writer import Writer
from storchc.ir.nodes import Cost, Sample
from storchc.ir.steps import Seen
from storchc.ir.types import Plates
from storchc.python.expressions import call, index, literal, method, name, tuple_of
from storchc.python.printer import write
from storchc.records import dataclass

LONGEST = 88
"""Characters of a total that still reads well on one line."""


def surrogate(
    writer: Writer,
    block: Block,
    within: frozenset[str],
    costs: tuple[str, ...],
    shares: Shares,
) -> Code:
    """The part of the loss that is made of ``costs`` and of the scores of the samples within."""
    return Loss(writer, block, ScoreSums(writer), within=within).part(costs, shares)


@dataclass(slots=True)
class Loss:
    """Writes the loss of one story into a block, or the part of it that lies below a sample.

    ``within`` are the samples of that part: of their scores alone it is made. ``late`` are the
    terms of methods of the user's, which may turn out to be none; ``own_losses`` name the locals
    that train the methods' own parameters.
    """

    writer: Writer
    block: Block
    sums: ScoreSums
    within: frozenset[str] | None = None
    terms: list[Term] = field(default_factory=list)
    late: list[tuple[str, Term]] = field(default_factory=list)
    own_losses: list[str] = field(default_factory=list)

    def write(self) -> None:
        """All of it; afterwards the local ``loss`` is there."""
        graph, credit = self.writer.graph, self.writer.estimation.credit
        self.terms = [self._cost(cost) for cost in graph.costs]
        followers = self._followers()
        for sample in reversed(graph.samples):
            groups = credit.groups.get(sample.name, {})
            for slot, (mixed, costs) in enumerate(groups.items()):
                self._control_variate(followers, sample, slot, mixed, costs)
        self.block.note("the loss: every cost with the scores of the samples that it depends on")
        self._total()

    def part(self, costs: tuple[str, ...], shares: Shares) -> Code:
        """The surrogate of ``costs``, for each element of the plates kept (LOSS.md §5)."""
        graph, groups = self.writer.graph, self.writer.estimation.credit.groups
        self.terms = [self._cost(cost) for cost in graph.costs if cost.name in costs]
        followers = self._followers()
        for sample in reversed(graph.samples):
            if not self._controls(sample.name):
                continue
            for slot, (mixed, all_costs) in enumerate(groups[sample.name].items()):
                if credited := tuple(c for c in all_costs if c.name in costs):
                    self._control_variate(followers, sample, slot, mixed, credited)
        return added(self.writer, [self._reduced(term, shares) for term in self.terms])

    def _reduced(self, term: Term, shares: Shares) -> Code:
        unweighed = idle(self.sums, term)
        boxed = self.sums.boxed(term.scores, term.code, term.name, unweighed)
        boxed = shares.times(self.writer, term.origin, boxed)
        return reduce_all(self.writer, boxed, term.plates - shares.kept, term.origin)

    def _controls(self, sample: str) -> bool:
        """Whether a part needs the control variate of a sample: where it is all the gradient.

        Others lower its variance; those that look at further points would cost more than that.
        """
        estimator = self.writer.estimation.estimators[sample]
        if self.within is None or sample not in self.within or estimator.entry is None:
            return False
        inherent = estimator.carrier == "control"
        credited = sample in self.writer.estimation.credit.groups
        return estimator.controlled and credited and (inherent or not estimator.entry.looks)

    def _followers(self) -> Followers:
        graph = self.writer.graph
        samples, costs = {s.name: s for s in graph.samples}, {c.name: c for c in graph.costs}
        return Followers(self.writer, self.block, samples, costs, surrogate)

    def _scores(self, scores: Scores) -> Scores:
        """Those of the samples within."""
        if self.within is None:
            return scores
        return tuple(score for score in scores if score[0].name in self.within)

    def _cost(self, cost: Cost) -> Term:
        return Term(
            cost.name,
            self.writer.costs[cost.name],
            self._scores(self.writer.estimation.credit.scores[cost.name]),
            over_all(cost),
            self.writer.estimation.cost_origin(cost.name),
        )

    def _control_variate(
        self,
        followers: Followers,
        sample: Sample,
        slot: int,
        mixed: Plates,
        costs: tuple[Seen, ...],
    ) -> None:
        estimator = self.writer.estimation.estimators[sample.name]
        if not estimator.controlled:
            return
        suffix = f"_{slot}" if slot else ""
        self.block.story(sample.span, f"the control variate of `{sample.name}`")
        after = self.writer.identifiers.local(f"{sample.name}_downstream{suffix}")
        self.block.assign(after, followers.of(sample, slot, mixed, costs))
        control = self._called(sample, "control_variate", after, f"control{suffix}")
        if estimator.trains and self.within is None:
            self.own_losses.append(self._called(sample, "own_loss", after, f"own_loss{suffix}"))
        term = self._control_term(sample, control, mixed, costs)
        if estimator.entry is None:
            where = literal(place(self.block.source, sample.span))
            given = name(control), self.writer.draw(sample.name), literal(sample.name), where
            self.block.assign(control, call("self.checked_control", *given))
            self.late.append((control, term))
        else:
            self.terms.append(term)

    def _called(self, sample: Sample, function: str, after: str, suffix: str) -> str:
        """A local with what one of the method's functions says."""
        target = self.writer.identifiers.local(f"{sample.name}_{suffix}")
        chosen = index(self.writer.inner("methods"), literal(sample.name))
        self.block.assign(
            target, method(chosen, function, self.writer.draw(sample.name), name(after))
        )
        return target

    def _control_term(
        self, sample: Sample, control: str, mixed: Plates, costs: tuple[Seen, ...]
    ) -> Term:
        code = Code(name(control), stored_of(self.writer, sample))
        before = self._scores(self.writer.estimation.credit.before[sample.name])
        wanted = f"before_{sample.name}"
        if mixed:  # summed with its box, which may have the mixed plates too
            boxed = self.sums.boxed(before, code, wanted)
            code, before = summed(self.writer, boxed, mixed), ()
        shares = shares_of(self.writer, sample, mixed, costs)
        plates = shares.kept | frozenset(sample.loops)
        return Term(wanted, code, before, plates, shares.own)

    def _total(self) -> None:
        loss = self.writer.inner("loss")
        parts = reduced(self.sums, self.terms)
        if not parts:
            parts = [call("torch.zeros", tuple_of(), **self.writer.creation("float"))]
        if len(parts) < MANY and len(write(total := reduce(plus, parts))) <= LONGEST:
            parts = [total]
        self.block.assign(write(loss), parts[0])
        for part in parts[1:]:
            self.block.assign(write(loss), plus(loss, part))
        for control, term in self.late:
            (part,) = reduced(self.sums, [term])
            self.block.note(f"a method of the user's may have no control variate, as `{control}`")
            self.block.when_assign(f"{control} is not None", write(loss), plus(loss, part))
        order, found = self.writer.estimation.order, self.writer.estimation.jumps
        kinks = [name("self.kinks")] if found.inside else [literal(found.order)] * bool(found.kinks)
        kinks = [] if order == 1 else kinks
        if order is not None or kinks:
            limited = call(self.writer.runtime("limit_order"), loss, literal(order), *kinks)
            self.block.assign(write(loss), limited)
