"""Costs that see steps of a sample behind a `stop_gradient` alone, and others without one.

Which of its steps such a cost credits differs from step to step, and the probabilities of
enumerated sequences carry the gradient of all steps or of none. A step that a cost sees both ways
is credited, whatever stands behind the cut: a divergence from a fixed reference is so made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from storchc.analysis.dataflow import Flow, Forward, Known, Statement, Variable, forwards
from storchc.analysis.facts.dependence import Dependence
from storchc.catalogue import functions
from storchc.ir.expression import Apply, Distribution, Named, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import children, expressions
from storchc.records import dataclass
from storchc.source import Span

Steps = frozenset[tuple[int, Span | None]]
"""The steps in which a sample is seen, as `_OLDER` counts them, each with the cut before it."""

_OLDER = 2
"""This step is 0, the one before 1; this is any other, and not known to be the same as another."""


def partial_cut(
    graph: Graph, flow: Flow, sample: Sample, credited: Dependence, touched: Dependence
) -> Span | None:
    """A `stop_gradient` behind which a cost sees steps of ``sample`` that it does not credit.

    It credits others.
    """
    if not credited.cuts:
        return None
    walk = _Walk(sample.name, 0 if len(sample.loops) == 1 else _OLDER, touched)
    forwards(flow, walk, {})
    costs = (c.name for c in graph.costs if sample.name in credited.costs[c.name])
    return next((cut for name in costs if (cut := _uncredited(walk.costs[name])) is not None), None)


def _uncredited(steps: Steps) -> Span | None:
    for step, cut in sorted(steps, key=str):
        if cut is not None and (step == _OLDER or (step, None) not in steps):
            return cut
    return None


@dataclass(slots=True)
class _Walk(Forward[Steps]):
    """Finds the steps that are seen of what a story makes; ``costs`` has those of costs."""

    sample: str
    own: int
    touched: Dependence
    nothing: Steps = frozenset()
    costs: dict[str, Steps] = field(default_factory=dict)

    def statement(self, node: Statement, known: Known[Steps]) -> Mapping[Variable, Steps]:
        """See `Forward.statement`."""
        found = self.nothing.union(*(self._seen(value, known) for value in expressions(node)))
        match node:
            case Compute(names):
                return dict.fromkeys(names, found)
            case Sample(name):
                if name != self.sample:
                    return {name: found}
                # Steps behind its parameters are credited with it, unless there is a cut before.
                return {name: frozenset(seen for seen in found if seen[1]) | {(self.own, None)}}
            case Cost(name, _, observed):
                self.costs[name] = found
                return {} if observed else {name: found}
            case Report():
                return {}

    def _seen(self, value: Value | Distribution, known: Known[Steps]) -> Steps:
        if isinstance(value, Reference | Named):
            return known(value.name)
        found = self.nothing.union(*(self._seen(part, known) for part in children(value)))
        if _is_cut(value) and self.sample in self.touched.places[value]:
            return frozenset((step, value.span) for step, _ in found)
        return found

    def initial(self, carried: Carried, known: Known[Steps]) -> Mapping[Variable, Steps]:
        """See `Forward.initial`."""
        return {carried.name: self._seen(carried.initial, known)}

    def join(self, a: Steps, b: Steps) -> Steps:
        """See `Forward.join`."""
        return a | b

    def again(self, fact: Steps, loop: str) -> Steps:
        """See `Forward.again`."""
        return frozenset((min(step + 1, _OLDER), cut) for step, cut in fact)

    def ended(self, fact: Steps, loop: str) -> Steps:
        """See `Forward.ended`."""
        return frozenset((_OLDER, cut) for _, cut in fact)


def _is_cut(value: Value | Distribution) -> bool:
    return isinstance(value, Apply) and functions.row(value.function).cut
