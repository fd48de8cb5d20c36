"""What stateful functions keep in mind along the elements of joint samples.

A sample without replacement that joins others, or stands in a loop, chooses anew among their
elements. All values follow; what a function of the user's keeps in mind cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from storchc.analysis.methods import Estimator
from storchc.diagnostics import draws as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph, Loop, Node, Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass


def check_memory(graph: Graph, estimators: Mapping[str, Estimator], problems: Problems) -> None:
    """Refuse calls of functions that have in mind what elements held before they were reordered."""
    joint = frozenset(s.name for s in graph.samples if estimators[s.name].joint)
    if not joint:
        return
    memory = _Memory(graph, joint)
    memory.walk(graph.nodes)
    for sample, call in memory.late.values():
        opener = next(s for s in graph.samples if s.name == sample.plate)
        estimator = estimators[sample.name]
        problems.add(words.memory_left(sample, estimator, opener, call.callee, call.span))


@dataclass(slots=True)
class _Memory:
    """What is kept in mind, as far as the story has been walked.

    ``kept`` are the plates that a function was called with, ``chosen`` the samples that have
    reordered them since, and ``late`` the first call of each function behind one of these.
    """

    graph: Graph
    joint: frozenset[str]
    kept: dict[str, Plates] = field(default_factory=dict)
    chosen: dict[str, Sample] = field(default_factory=dict)
    late: dict[str, tuple[Sample, CallUser]] = field(default_factory=dict)

    def walk(self, nodes: tuple[Node, ...]) -> None:
        """Take the next nodes, in story order."""
        for node in nodes:
            for root in expressions(node):
                for call in walk(root):
                    if isinstance(call, CallUser):
                        self._call(call)
            if isinstance(node, Sample) and node.name in self.joint:
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
        name = call.callee
        if "stateful" not in self.graph.callees[name].flags:
            return
        if name in self.chosen:
            self.late.setdefault(name, (self.chosen[name], call))
        self.kept[name] = self.kept.get(name, NO_PLATES) | call.type.plates

    def _choose(self, sample: Sample) -> None:
        for name, plates in self.kept.items():
            if sample.plate in plates:
                self.chosen.setdefault(name, sample)
