"""What stateful functions keep in mind, element by element of the plates that they are called with.

A sample without replacement that joins others, or stands in a loop, chooses anew among their
elements. All values follow; what a function of the user's keeps in mind cannot. Nor does it know
how much the elements weigh: it may not see them at one call, and lack their plate at a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from storchc.analysis.estimators.resolve import Estimator
from storchc.diagnostics import draws as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import CallUser, Distribution, Value
from storchc.ir.graph import Graph, Loop, Node, Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass

Estimators = Mapping[str, Estimator]


def check_memory(graph: Graph, estimators: Estimators, problems: Problems) -> None:
    """Refuse calls of functions whose memory would not be that of the elements they are given."""
    if not any("stateful" in callee.flags for callee in graph.callees.values()):
        return
    for sample in graph.samples:
        values = sample.method.values if sample.method else {}
        for call in _stateful(graph, values.get("baseline")):
            problems.add(words.memory_in_baseline(sample, call.callee, call.span))
    memory = _Memory(graph, estimators)
    memory.walk(graph.nodes)
    openers = {s.name: s for s in graph.samples}
    for sample, call in memory.late.values():
        estimator, opener = estimators[sample.name], openers[sample.plate]
        problems.add(words.memory_left(sample, estimator, opener, call.callee, call.span))
    for plate, call in memory.mixed.values():
        opener, estimator = openers[plate], estimators[plate]
        problems.add(words.memory_mixed(opener, estimator, call.callee, call.span))


def _stateful(graph: Graph, root: Value | Distribution | None) -> Iterator[CallUser]:
    for call in walk(root) if root is not None else ():
        if isinstance(call, CallUser) and "stateful" in graph.callees[call.callee].flags:
            yield call


@dataclass(slots=True)
class _Memory:
    """What is kept in mind, as far as the story has been walked.

    ``kept`` are the plates that a function was called with, ``chosen`` the samples that have
    reordered them since. ``late`` is the first call of each function behind one of these, ``mixed``
    the first without a plate that it has met and whose elements weigh.
    """

    graph: Graph
    estimators: Estimators
    kept: dict[str, Plates] = field(default_factory=dict)
    chosen: dict[str, Sample] = field(default_factory=dict)
    late: dict[str, tuple[Sample, CallUser]] = field(default_factory=dict)
    mixed: dict[str, tuple[str, CallUser]] = field(default_factory=dict)

    def walk(self, nodes: tuple[Node, ...]) -> None:
        """Take the next nodes, in story order."""
        for node in nodes:
            for root in expressions(node):
                for call in _stateful(self.graph, root):
                    self._call(call)
            if isinstance(node, Sample) and self.estimators[node.name].joint:
                self._choose(node)
            if isinstance(node, Loop):
                self._loop(node)

    def _loop(self, loop: Loop) -> None:
        """What one step has left meets the next one."""
        before, now = None, self._known()
        while before != now:
            self.walk(loop.body)
            before, now = now, self._known()

    def _known(self) -> tuple[dict[str, Plates], frozenset[str]]:
        return dict(self.kept), frozenset(self.chosen)

    def _call(self, call: CallUser) -> None:
        name, plates = call.callee, call.type.plates
        known = self.kept.get(name, NO_PLATES)
        if name in self.chosen:
            self.late.setdefault(name, (self.chosen[name], call))
        lacking = [p for p in self.graph.order(known - plates) if self._weighs(p)]
        if lacking:
            self.mixed.setdefault(name, (lacking[0], call))
        self.kept[name] = known | plates

    def _weighs(self, plate: str) -> bool:
        """Whether the elements of a plate have weights."""
        of = [self.estimators[s.name] for s in self.graph.samples if s.plate == plate]
        return any(e.weighted or e.sampling not in ("iid", "slot-exact") for e in of)

    def _choose(self, sample: Sample) -> None:
        for name, plates in self.kept.items():
            if sample.plate in plates:
                self.chosen.setdefault(name, sample)
