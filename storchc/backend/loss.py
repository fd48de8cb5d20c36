"""The loss of LOSS.md, written out.

Σ_c Reduce[ box(L_c) · c ]  +  Σ_i Σ_M Reduce Σ_M [ box(L_before_i) · a_i^M ].
"""

from __future__ import annotations

from dataclasses import field
from functools import reduce

from storchc.analysis.methods import Estimator
from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.downstream import Followers
from storchc.backend.expressions import Writer
from storchc.backend.printer import write
from storchc.backend.python import call, index, literal, method, name, tuple_of
from storchc.backend.scores import ScoreSums, summed
from storchc.backend.sums import MANY, plus
from storchc.backend.total import Term, reduced
from storchc.ir.graph import Cost, Sample
from storchc.ir.types import Plates
from storchc.records import dataclass

LONGEST = 88
"""Characters of a total that still reads well on one line."""


@dataclass(slots=True)
class Loss:
    """Writes the loss of one story into a block.

    ``late`` are the terms of methods of the user's, which may turn out to be none; ``own_losses``
    name the locals that train the methods' own parameters.
    """

    writer: Writer
    block: Block
    sums: ScoreSums
    terms: list[Term] = field(default_factory=list)
    late: list[tuple[str, Term]] = field(default_factory=list)
    own_losses: list[str] = field(default_factory=list)

    def write(self) -> None:
        """All of it; afterwards the local ``loss`` is there."""
        graph, credit = self.writer.graph, self.writer.estimation.credit
        self.terms = [self._cost(cost) for cost in graph.costs]
        followers = Followers(
            self.writer, {s.name: s for s in graph.samples}, {c.name: c for c in graph.costs}
        )
        for sample in reversed(graph.samples):
            for slot, mixed in enumerate(credit.groups.get(sample.name, {})):
                self._control_variate(followers, sample, slot, mixed)
        self.block.note("the loss: every cost with the scores of the samples that it depends on")
        self._total()

    def _cost(self, cost: Cost) -> Term:
        return Term(
            cost.name,
            self.writer.costs[cost.name],
            self.writer.estimation.credit.scores[cost.name],
            cost.value.type.plates,
            self.writer.estimation.origin(lambda d: d.costs[cost.name]),
        )

    def _control_variate(
        self, followers: Followers, sample: Sample, slot: int, mixed: Plates
    ) -> None:
        estimator = self.writer.estimation.estimators[sample.name]
        if estimator.entry is not None and estimator.baseline == "none":
            return
        suffix = f"_{slot}" if slot else ""
        costs = self.writer.estimation.credit.groups[sample.name][mixed]
        self.block.story(sample.span, f"the control variate of `{sample.name}`")
        after = self.writer.identifiers.local(f"{sample.name}_downstream{suffix}")
        self.block.assign(after, followers.of(sample, slot, mixed, costs))
        control = self._called(sample, "control_variate", after, f"control{suffix}")
        if _trains(estimator):
            self.own_losses.append(self._called(sample, "own_loss", after, f"own_loss{suffix}"))
        term = self._control_term(sample, control, mixed)
        if estimator.entry is None:
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

    def _control_term(self, sample: Sample, control: str, mixed: Plates) -> Term:
        code = Code(name(control), self.writer.storage.full(sample.type.plates))
        before = self.writer.estimation.credit.before[sample.name]
        wanted = f"before_{sample.name}"
        if mixed:  # summed with its box, which may have the mixed plates too
            boxed = self.sums.boxed(before, code, wanted)
            code, before = summed(self.writer, boxed, mixed), ()
        origin = self.writer.estimation.origin(lambda d: d.of[sample.name])
        return Term(wanted, code, before, sample.type.plates - mixed, origin)

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
        order = self.writer.estimation.order
        if order is not None:
            limited = call(self.writer.runtime("limit_order"), loss, literal(order))
            self.block.assign(write(loss), limited)


def _trains(estimator: Estimator) -> bool:
    """Whether its method may have parameters of its own."""
    return estimator.entry is None or "baseline" in estimator.values
