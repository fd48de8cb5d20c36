"""A stateful function keeps in mind what belongs to the elements that it is given.

A sample without replacement that joins others, or stands in a loop, chooses anew among their
elements. All values are re-indexed; what a function of the user's keeps in mind cannot be. Nor does
it know how much the elements weigh: it may not see them at one call, and lack their plate at a
later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from storchc.analysis.dataflow import Forward, Known, Memory, Statement, Variable, forwards
from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.diagnostics import draws as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import CallUser, Distribution, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass


def run(known: Estimation, problems: Problems) -> None:
    """Refuse calls of functions whose memory would not be that of the elements they are given."""
    graph, estimators = known.graph, known.estimators
    if not any("stateful" in callee.flags for callee in graph.callees.values()):
        return
    for sample in graph.samples:
        values = sample.method.values if sample.method else {}
        for call in _stateful(graph, values.get("baseline")):
            problems.add(words.memory_in_baseline(sample, call.callee, call.span))
    found = _Remembering(graph, estimators)
    forwards(known.flow, found, {})
    openers = {s.name: s for s in graph.samples}
    for sample, call in found.late.values():
        estimator, opener = estimators[sample.name], openers[sample.plate]
        problems.add(words.memory_left(sample, estimator, opener, call.callee, call.span))
    for plate, call in found.mixed.values():
        opener, estimator = openers[plate], estimators[plate]
        problems.add(words.memory_mixed(opener, estimator, call.callee, call.span))


def _stateful(graph: Graph, root: Value | Distribution | None) -> Iterator[CallUser]:
    for call in walk(root) if root is not None else ():
        if isinstance(call, CallUser) and "stateful" in graph.callees[call.callee].flags:
            yield call


@dataclass(frozen=True, slots=True)
class Kept:
    """What a function has in mind.

    ``plates`` are those that it was called with, ``chosen`` the sample that has reordered their
    elements since.
    """

    plates: Plates = NO_PLATES
    chosen: Sample | None = None


@dataclass(slots=True)
class _Remembering(Forward[Kept]):
    """Follows what functions have in mind.

    ``late`` is the first call of each function behind a sample that has chosen anew, ``mixed`` the
    first one without a plate that the function has met and whose elements weigh.
    """

    graph: Graph
    estimators: Mapping[str, Estimator]
    nothing = Kept()
    late: dict[str, tuple[Sample, CallUser]] = field(default_factory=dict)
    mixed: dict[str, tuple[str, CallUser]] = field(default_factory=dict)

    def statement(self, node: Statement, known: Known[Kept]) -> Mapping[Variable, Kept]:
        """See `Forward.statement`."""
        made = self._calls(expressions(node), known)
        if isinstance(node, Sample):
            functions = (n for n, c in self.graph.callees.items() if "stateful" in c.flags)
            for memory in map(Memory, functions):
                made[memory] = self._drawn(node, made.get(memory) or known(memory))
        return made

    def _calls(
        self, roots: tuple[Value | Distribution, ...], known: Known[Kept]
    ) -> dict[Variable, Kept]:
        """What the calls in expressions leave, one after another."""
        made: dict[Variable, Kept] = {}
        for root in roots:
            for call in _stateful(self.graph, root):
                memory = Memory(call.callee)
                made[memory] = self._called(call, made.get(memory) or known(memory))
        return made

    def _called(self, call: CallUser, kept: Kept) -> Kept:
        plates = call.type.plates
        if kept.chosen is not None:
            self.late.setdefault(call.callee, (kept.chosen, call))
        lacking = [p for p in self.graph.order(kept.plates - plates) if self._weighs(p)]
        if lacking:
            self.mixed.setdefault(call.callee, (lacking[0], call))
        return Kept(kept.plates | plates, kept.chosen)

    def _drawn(self, sample: Sample, kept: Kept) -> Kept:
        chooses = self.estimators[sample.name].joint and sample.plate in kept.plates
        return Kept(kept.plates, kept.chosen or sample) if chooses else kept

    def _weighs(self, plate: str) -> bool:
        """Whether the elements of a plate have weights."""
        of = [self.estimators[s.name] for s in self.graph.along(plate)]
        return any(e.weighted or e.sampling.exact != "each" for e in of)

    def initial(self, carried: Carried, known: Known[Kept]) -> Mapping[Variable, Kept]:
        """See `Forward.initial`: of names nothing is kept."""
        return {carried.name: self.nothing, **self._calls((carried.initial,), known)}

    def join(self, a: Kept, b: Kept) -> Kept:
        """See `Forward.join`."""
        return Kept(a.plates | b.plates, a.chosen or b.chosen)
