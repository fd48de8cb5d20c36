"""Costs that see a sample of a loop both behind a `stop_gradient` and without one.

Which of its steps a cost credits could then differ from step to step, and the probabilities of
enumerated sequences carry the gradient of all steps or of none.
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
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass
from storchc.source import Span


def partial_cut(
    graph: Graph, flow: Flow, sample: str, credited: Dependence, touched: Dependence
) -> Span | None:
    """A `stop_gradient` behind which a cost sees ``sample`` that credits it all the same."""
    if not credited.cuts:
        return None
    walk = _Walk(sample, touched)
    forwards(flow, walk, {})
    cut = (c.name for c in graph.costs if sample in credited.costs[c.name])
    return next((walk.costs[name] for name in cut if walk.costs[name] is not None), None)


@dataclass(slots=True)
class _Walk(Forward[Span | None]):
    """Finds the first cut between a sample and what is made of it; ``costs`` has that of costs."""

    sample: str
    touched: Dependence
    nothing = None
    costs: dict[str, Span | None] = field(default_factory=dict)

    def statement(
        self, node: Statement, known: Known[Span | None]
    ) -> Mapping[Variable, Span | None]:
        """See `Forward.statement`."""
        cuts = (self._cut(value, known) for value in expressions(node))
        found = next((cut for cut in cuts if cut is not None), None)
        match node:
            case Compute(names):
                return dict.fromkeys(names, found)
            case Sample(name):
                return {name: found}
            case Cost(name, _, observed):
                self.costs[name] = found
                return {} if observed else {name: found}
            case Report():
                return {}

    def _cut(self, value: Value | Distribution, known: Known[Span | None]) -> Span | None:
        for part in walk(value):
            if isinstance(part, Reference | Named) and (cut := known(part.name)) is not None:
                return cut
            if _is_cut(part) and self.sample in self.touched.places[part]:
                return part.span
        return None

    def initial(
        self, carried: Carried, known: Known[Span | None]
    ) -> Mapping[Variable, Span | None]:
        """See `Forward.initial`."""
        return {carried.name: self._cut(carried.initial, known)}

    def join(self, a: Span | None, b: Span | None) -> Span | None:
        """See `Forward.join`."""
        return a or b


def _is_cut(value: Value | Distribution) -> bool:
    return isinstance(value, Apply) and functions.row(value.function).cut
