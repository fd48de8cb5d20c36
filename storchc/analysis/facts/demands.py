"""Where a gradient must flow back, and where it is broken on the way (LOSS.md §7).

Demands run backwards: a value that reaches a cost, or the parameters of a sample whose gradient
lives in its log-probability or weights, must be reached by a smooth path. A value's demand lists
the places that break such a path; an empty list means that every path is differentiable.
"""

from __future__ import annotations

from dataclasses import field

from storchc.analysis.facts.edges import edges
from storchc.ir.expression import Distribution, Named, OverPlates, Reference, Value
from storchc.ir.graph import Graph
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Break:
    """A place on a path through which no gradient flows, and why."""

    span: Span
    reason: str


Demand = tuple[Break, ...]
SMOOTH: Demand = ()


@dataclass(slots=True)
class Demands:
    """The demands met so far, walking the story from its end; names not in it reach nothing.

    ``weights`` are those on the weights of a plate, which a reduction over it multiplies with.
    """

    graph: Graph
    of: dict[str, Demand] = field(default_factory=dict)
    weights: dict[str, Demand] = field(default_factory=dict)

    def push(self, value: Value | Distribution, demand: Demand) -> None:
        """Ask ``value`` to carry a gradient back to all that it is made of."""
        if isinstance(value, Reference | Named):
            self.of[value.name] = join(self.of.get(value.name, SMOOTH), demand)
            return
        if isinstance(value, OverPlates):
            self._weigh(value.plates, demand)
        for edge in edges(value, self.graph.callees):
            if edge.flow == "broken":
                self.push(edge.operand, join(demand, (Break(edge.span, edge.reason),)))
            elif edge.flow == "smooth":
                self.push(edge.operand, demand)

    def weights_of(self, plate: str) -> Demand:
        """What reductions with ``over=`` ask of the weights of a plate."""
        return self.weights.get(plate, SMOOTH)

    def _weigh(self, plates: tuple[str, ...], demand: Demand) -> None:
        for plate in plates:
            self.weights[plate] = join(self.weights_of(plate), demand)

    def ask(self, name: str, *asked: Demand | None) -> None:
        """Let ``name`` be asked for all of these demands, as far as there are any."""
        for demand in asked:
            if demand is not None:
                self.of[name] = join(self.of.get(name, SMOOTH), demand)

    def take(self, names: tuple[str, ...]) -> Demand | None:
        """The joint demand on names at the place that defines them: above it they are others."""
        demand = self.any_of(names)
        for name in names:
            self.of.pop(name, None)
        return demand

    def any_of(self, names: tuple[str, ...]) -> Demand | None:
        """The joint demand on several names bound by one statement; None when nothing is asked."""
        asked = [self.of[n] for n in names if n in self.of]
        if not asked:
            return None
        total = SMOOTH
        for demand in asked:
            total = join(total, demand)
        return total


MOST_BREAKS = 4  # enough to explain; keeps long stories linear


def join(a: Demand, b: Demand) -> Demand:
    """Both demands: a path broken in either is broken."""
    if not b or a == b:
        return a
    return (a + tuple(x for x in b if x not in a))[:MOST_BREAKS]
