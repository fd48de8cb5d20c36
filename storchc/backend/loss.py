"""The loss (LOSS.md), written out:

    Σ_c Reduce[ box(L_c) · c ]  +  Σ_i Σ_M Reduce Σ_M [ box(L_before_i) · a_i^M ]

Sums of scores and downstream costs are built from one another, so that the code is linear in the story.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

from storchc.analysis.credit import Scores
from storchc.analysis.dependence import Ancestors
from storchc.analysis.methods import Estimator
from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.expressions import Writer
from storchc.backend.printer import write
from storchc.backend.python import Py, call, index, infix, literal, member, method, name, tuple_of
from storchc.backend.reductions import Weights, product_of, reduce_all, weights_of
from storchc.backend.statements import baseline
from storchc.ir.graph import Cost, Sample
from storchc.ir.types import Plates


LONGEST = 88
"""Characters of a total that still reads well on one line."""


@dataclass(frozen=True, slots=True)
class Term:
    """A part of the loss before it is reduced, and how it will be."""

    code: Code
    plates: Plates
    ancestors: Ancestors
    weights: tuple[tuple[str, Weights], ...]


@dataclass(slots=True)
class Loss:
    """Writes the loss of one story into a block."""

    writer: Writer
    block: Block
    sums: dict[Scores, tuple[Py, Plates]] = field(default_factory=dict)
    boxes: dict[Scores, Py] = field(default_factory=dict)
    downstream: dict[tuple[str, ...], tuple[str, Code]] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)
    late: list[tuple[str, Term]] = field(default_factory=list)
    own_losses: list[str] = field(default_factory=list)

    @property
    def loss(self) -> str:
        """The local name of the loss."""
        return write(self.writer.inner("loss"))

    def write(self) -> None:
        """All of it; afterwards the local ``loss`` is there, and ``own_losses`` are named."""
        self.writer.block = self.block
        self.block.note("the loss: every cost with the scores of the samples that it depends on")
        for cost in self.writer.graph.costs:
            self._cost(cost)
        for sample in reversed(self.writer.graph.samples):
            if sample.name in self.writer.estimation.credit.groups:
                self._control_variates(sample)
        self._total()

    # --- scores ----------------------------------------------------------------------------------

    def _box(self, scores: Scores, wanted: str) -> tuple[Py, Plates]:
        """The magic box of a sum of scores."""
        if len(scores) == 1 and not scores[0][1]:
            draw, plates = self._score(scores[0])
            return member(draw, "box"), plates
        code, plates = self._sum(scores, wanted)
        if scores not in self.boxes:
            target = self.writer.identifiers.local(f"{wanted}_box")
            self.block.assign(target, call(self.writer.runtime("magic_box"), code))
            self.boxes[scores] = name(target)
        return self.boxes[scores], plates

    def _sum(self, scores: Scores, wanted: str) -> tuple[Py, Plates]:
        """A sum of scores, made from the largest part of it that is there already."""
        if scores in self.sums:
            return self.sums[scores]
        known = [s for s in list(self.sums)[-8:] if set(s) < set(scores)]
        part = max(known, key=len, default=())
        total = self.sums.get(part)
        for member_ in scores:
            if member_ not in part:
                total = self._plus(total, self._summed_score(member_))
        assert total is not None
        if len(scores) > 1:
            target = self.writer.identifiers.local(f"{wanted}_score")
            self.block.assign(target, total[0], self._shape(total[1]))
            total = name(target), total[1]
        self.sums[scores] = total
        return total

    def _plus(self, total: tuple[Py, Plates] | None, more: tuple[Py, Plates]) -> tuple[Py, Plates]:
        if total is None:
            return more
        storage, plates = self.writer.storage, total[1] | more[1]
        left, right = (storage.align(code, stored, 0, plates) for code, stored in (total, more))
        return infix("+", left, right), plates

    def _score(self, scored: tuple[str, Plates]) -> tuple[Py, Plates]:
        sample = self._sample(scored[0])
        return self.writer.draw(sample.name), self.writer.storage.full(sample.type.plates)

    def _summed_score(self, scored: tuple[str, Plates]) -> tuple[Py, Plates]:
        """A score summed over the plates that a path mixes."""
        draw, plates = self._score(scored)
        return self._summed(member(draw, "score"), plates, scored[1])

    def _summed(self, code: Py, stored: Plates, mixed: Plates) -> tuple[Py, Plates]:
        dims = [
            self.writer.storage.dim(p, stored) for p in self.writer.storage.order(mixed & stored)
        ]
        if not dims:
            return code, stored
        place = literal(dims[0]) if len(dims) == 1 else tuple_of(*map(literal, dims))
        return method(code, "sum", place), stored - mixed

    def _sample(self, wanted: str) -> Sample:
        return next(s for s in self.writer.graph.samples if s.name == wanted)

    def _shape(self, plates: Plates) -> str:
        return f"[{', '.join(self.writer.storage.order(plates))}]"

    # --- costs -----------------------------------------------------------------------------------

    def _cost(self, cost: Cost) -> None:
        scores = self.writer.estimation.credit.scores[cost.name]
        code = self.writer.costs[cost.name]
        ancestors = self.writer.estimation.dependence.costs[cost.name]
        if scores:
            code = self._boxed(scores, code, cost.name)
        self._add(code, cost.value.type.plates, ancestors)

    def _boxed(self, scores: Scores, code: Code, wanted: str) -> Code:
        box, box_plates = self._box(scores, wanted)
        plates = code.stored | box_plates
        storage = self.writer.storage
        left = storage.align(box, box_plates, 0, plates)
        right = storage.align(code.py, code.stored, 0, plates)
        return Code(infix("*", left, right), plates)

    def _add(self, code: Code, plates: Plates, ancestors: Ancestors) -> None:
        self.terms.append(self._term(code, plates, ancestors))

    def _term(self, code: Code, plates: Plates, ancestors: Ancestors) -> Term:
        weights = [(p, weights_of(self.writer, p, ancestors)) for p in sorted(plates)]
        return Term(code, plates, ancestors, tuple((p, w) for p, w in weights if w.samples))

    # --- control variates ------------------------------------------------------------------------

    def _control_variates(self, sample: Sample) -> None:
        estimator = self.writer.estimation.estimators[sample.name]
        if estimator.entry is not None and estimator.baseline == "none":
            return
        groups = self.writer.estimation.credit.groups[sample.name]
        for slot, (mixed, costs) in enumerate(groups.items()):
            self._control_variate(sample, estimator, slot, mixed, costs)

    def _control_variate(
        self, sample: Sample, estimator: Estimator, slot: int, mixed: Plates, costs: tuple[str, ...]
    ) -> None:
        suffix = f"_{slot}" if slot else ""
        target = self.writer.identifiers.local(f"{sample.name}_downstream{suffix}")
        self.block.assign(target, self._downstream(sample, slot, mixed, costs))
        chosen = index(self.writer.inner("methods"), literal(sample.name))
        arguments = self.writer.draw(sample.name), name(target)
        control = self.writer.identifiers.local(f"{sample.name}_control{suffix}")
        self.block.assign(control, method(chosen, "control_variate", *arguments))
        if estimator.entry is None or "baseline" in estimator.values:
            own = self.writer.identifiers.local(f"{sample.name}_own_loss{suffix}")
            self.block.assign(own, method(chosen, "own_loss", *arguments))
            self.own_losses.append(own)
        term = self._control_term(sample, control, mixed)
        if estimator.entry is None:
            self.late.append((control, term))
        else:
            self.terms.append(term)

    def _control_term(self, sample: Sample, control: str, mixed: Plates) -> Term:
        dependence = self.writer.estimation.dependence
        stored = self.writer.storage.full(sample.type.plates)
        code = Code(name(control), stored)
        before = self.writer.estimation.credit.before[sample.name]
        if before:
            code = self._boxed(before, code, f"before_{sample.name}")
        summed, left = self._summed(code.py, code.stored, mixed)
        parameters = dependence.parameters[sample.name]
        ancestors = {**parameters, sample.name: parameters.get(sample.name, frozenset())}
        return self._term(Code(summed, left), sample.type.plates - mixed, ancestors)

    def _downstream(self, sample: Sample, slot: int, mixed: Plates, costs: tuple[str, ...]) -> Py:
        """``Downstream(R, ...)`` with R broadcast to the dimensions of the score."""
        stored = self.writer.storage.full(sample.type.plates)
        code = self._credited(sample, mixed, costs)
        aligned = self.writer.storage.align_whole(code.py, code.stored, stored)
        options: dict[str, Py] = {}
        learned = baseline(self.writer, sample)
        if learned is not None:
            value = self.writer.tensor(learned)
            options["baseline"] = self.writer.storage.align_whole(value.py, value.stored, stored)
        if slot:
            options["slot"] = literal(slot)
        if mixed:
            dims = [self.writer.storage.dim(p, stored) for p in self.writer.storage.order(mixed)]
            options["mixed"] = tuple_of(*map(literal, dims))
        if weights := self._element_weights(sample, stored):
            options["weights"] = weights
        return call(self.writer.runtime("Downstream"), aligned, **options)

    def _element_weights(self, sample: Sample, stored: Plates) -> Py | None:
        """The weights of the elements of R, for averages over them; None where all are equal."""
        dependence = self.writer.estimation.dependence
        ancestors = {**dependence.parameters[sample.name], sample.name: frozenset[str]()}
        code: Py | None = None
        plates: Plates = frozenset()
        for plate in self.writer.storage.order(stored):
            weights = weights_of(self.writer, plate, ancestors)
            if weights.samples:
                more, more_plates = product_of(
                    self.writer, weights, lambda s: member(self.writer.draw(s), "weight")
                )
                before = (code, plates) if code is not None else None
                code, plates = self._times(before, (more, more_plates))
        if code is None:
            return None
        return self.writer.storage.align_whole(method(code, "detach"), plates, stored)

    def _times(self, total: tuple[Py, Plates] | None, more: tuple[Py, Plates]) -> tuple[Py, Plates]:
        if total is None:
            return more
        plates = total[1] | more[1]
        storage = self.writer.storage
        return infix(
            "*",
            storage.align(total[0], total[1], 0, plates),
            storage.align(more[0], more[1], 0, plates),
        ), plates

    def _credited(self, sample: Sample, mixed: Plates, costs: tuple[str, ...]) -> Code:
        """R: the detached costs, reduced over all plates but the sample's unmixed ones."""
        kept = sample.type.plates - mixed
        total, left = self._nested(kept, costs)
        for cost in left:
            total = self._accumulate(total, self._reduced_cost(cost, kept))
        assert total is not None
        target = self.writer.identifiers.local(f"after_{sample.name}")
        self.block.assign(target, total.py, self._shape(total.stored))
        code = Code(name(target), total.stored)
        if not mixed:
            self.downstream[costs] = sample.name, code
        return code

    def _nested(self, kept: Plates, costs: tuple[str, ...]) -> tuple[Code | None, tuple[str, ...]]:
        """What a later sample is credited with already, where that is a part of these costs."""
        for known, (later, code) in reversed(self.downstream.items()):
            node = self._sample(later)
            if not (set(known) <= set(costs) and kept <= node.type.plates):
                continue
            ancestors = self.writer.estimation.dependence.of[later]
            if any(weights_of(self.writer, p, ancestors).samples for p in node.type.plates - kept):
                continue
            reduced = reduce_all(self.writer, code, node.type.plates - kept, ancestors)
            return reduced, tuple(c for c in costs if c not in known)
        return None, costs

    def _reduced_cost(self, cost: str, kept: Plates) -> Code:
        node = next(c for c in self.writer.graph.costs if c.name == cost)
        code = self.writer.costs[cost]
        detached = Code(method(code.py, "detach"), code.stored)
        ancestors = self.writer.estimation.dependence.costs[cost]
        plates = node.value.type.plates - kept
        return reduce_all(self.writer, detached, plates, ancestors, attached=False)

    def _accumulate(self, total: Code | None, more: Code) -> Code:
        if total is None:
            return more
        py, plates = self._plus((total.py, total.stored), (more.py, more.stored))
        return Code(py, plates)

    # --- the total -------------------------------------------------------------------------------

    def _total(self) -> None:
        parts = [self._reduced(group) for group in self._grouped(self.terms)]
        if not parts:
            parts = [call("torch.zeros", tuple_of(), **self.writer.creation("float"))]
        total = reduce(lambda a, b: infix("+", a, b), parts)
        if len(write(total)) + len(self.loss) <= LONGEST:
            self.block.assign(self.loss, total)
        else:
            self.block.assign(self.loss, parts[0])
            for part in parts[1:]:
                self.block.assign(self.loss, infix("+", self.writer.inner("loss"), part))
        for control, term in self.late:
            self.block.note(
                f"`{control}` is a method of the user's: it may have no control variate"
            )
            self.block.when_assign(
                f"{control} is not None",
                self.loss,
                infix("+", self.writer.inner("loss"), self._reduced([term])),
            )
        if self.writer.estimation.order is not None:
            order = literal(self.writer.estimation.order)
            self.block.assign(
                self.loss,
                call(self.writer.runtime("limit_order"), self.writer.inner("loss"), order),
            )

    def _grouped(self, terms: list[Term]) -> list[list[Term]]:
        """Terms that are reduced alike, so that they are added first and reduced once."""
        groups: dict[object, list[Term]] = {}
        for term in terms:
            groups.setdefault((term.code.stored, term.plates, term.weights), []).append(term)
        return list(groups.values())

    def _reduced(self, group: list[Term]) -> Py:
        first = group[0]
        code = first.code.py
        for term in group[1:]:
            code = infix("+", code, term.code.py)
        summed = Code(code, first.code.stored)
        return reduce_all(self.writer, summed, first.plates, first.ancestors).py
