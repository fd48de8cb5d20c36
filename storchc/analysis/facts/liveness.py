"""Which values carry a gradient to something that learns: params, modules, float inputs.

A sample whose parameters carry none has a score that is zero under every derivative: it needs
neither a magic box nor a baseline. A plate whose weights carry one passes it on to what is reduced
over it, whatever that is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from storchc.analysis.dataflow import (
    At,
    Flow,
    Known,
    Spreading,
    Statement,
    Variable,
    Weights,
    forwards,
)
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.edges import FLOWING, edges
from storchc.analysis.facts.places import Places
from storchc.ir.expression import (
    CallUser,
    Construct,
    Distribution,
    Expected,
    Named,
    OverPlates,
    Reference,
    SummedOut,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.types import Flag
from storchc.records import dataclass

_STILL: frozenset[Flag] = frozenset({"nondiff", "frozen"})
"""Flags of what has nothing that a gradient reaches in itself."""


@dataclass(frozen=True, slots=True)
class Liveness:
    """What carries a gradient to something that learns.

    ``names`` are values, ``parameters`` the samples whose parameters do, ``plates`` those whose
    weights do; ``places`` has every expression as it stands there.
    """

    graph: Graph
    names: frozenset[str]
    parameters: frozenset[str]
    plates: frozenset[str]
    places: Places[bool]


def learning(graph: Graph) -> frozenset[str]:
    """What learns by its name: params, and float inputs that may require a gradient."""
    inputs = {i.name for i in graph.inputs if i.type.dtype == "float"}
    return frozenset(inputs | {p.name for p in graph.params})


def liveness(
    graph: Graph, flow: Flow, estimators: Mapping[str, Estimator], learns: frozenset[str]
) -> Liveness:
    """What carries a gradient to what ``learns``, or to a module."""
    walk = _Walk(graph, estimators)
    given: dict[Variable, bool] = dict.fromkeys(learns, True)
    facts = forwards(flow, walk, given)
    live = [point.variable if isinstance(point, At) else point for point, on in facts.items() if on]
    return Liveness(
        graph,
        frozenset(variable for variable in live if isinstance(variable, str)),
        frozenset(walk.parameters),
        frozenset(variable.plate for variable in live if isinstance(variable, Weights)),
        Places(walk.places),
    )


@dataclass(slots=True)
class _Walk(Spreading):
    """What is found on the way; ``parameters`` are samples whose parameters carry a gradient."""

    graph: Graph
    estimators: Mapping[str, Estimator]
    parameters: set[str] = field(default_factory=set)
    places: dict[int, bool] = field(default_factory=dict)

    def statement(self, node: Statement, known: Known[bool]) -> Mapping[Variable, bool]:
        """See `Forward.statement`."""
        match node:
            case Compute(names, value):
                return dict.fromkeys(names, self.expression(value, known))
            case Cost(name, value, observed):
                live = self.expression(value, known)
                return {} if observed else {name: live}
            case Report(_, value):
                self.expression(value, known)
                return {}
            case Sample():
                return self._sample(node, known)

    def _sample(self, node: Sample, known: Known[bool]) -> Mapping[Variable, bool]:
        """A value moves with the parameters, a relaxed one with its temperature too."""
        estimator = self.estimators[node.name]
        moved = self.expression(node.distribution, known)
        choices = [choice for choice in (node.method, node.sampler) if choice is not None]
        for value in (v for choice in choices for v in choice.values.values()):
            self.expression(value, known)
        if node.mask is not None:
            self.expression(node.mask, known)
        if moved:
            self.parameters.add(node.name)
        weights = Weights(node.plate)
        if estimator.carrier == "pathwise":
            options = [self.expression(value, known) for value in estimator.values.values()]
            return {node.name: moved or any(options), weights: known(weights)}
        weighing = estimator.enumerated or estimator.weighted
        return {node.name: False, weights: known(weights) or (moved and weighing)}

    def initial(self, carried: Carried, known: Known[bool]) -> Mapping[Variable, bool]:
        """See `Forward.initial`."""
        return {carried.name: self.expression(carried.initial, known)}

    def expression(self, value: Value | Distribution, known: Known[bool]) -> bool:
        """Whether a gradient flows from ``value`` to something that learns, noted for its parts."""
        flowing = [
            self.expression(edge.operand, known) and edge.flow in FLOWING
            for edge in edges(value, self.graph.callees)
        ]
        live = any(flowing) or self._by_itself(value, known)
        self.places[id(value)] = live
        return live

    def _by_itself(self, value: Value | Distribution, known: Known[bool]) -> bool:
        """Whether it learns whatever its operands are."""
        match value:
            case Reference(name) | Named(name):
                return known(name)
            case CallUser(callee):
                return self.graph.callees[callee].flags.isdisjoint(_STILL)
            case Construct(family, _, type_) if type_.declared is not None:
                return self.graph.callees[family].learns
            case OverPlates(plates=plates):
                return any(known(Weights(plate)) for plate in plates)
            case Expected(sample=sample) | SummedOut(sample=sample):
                return sample in self.parameters
            case _:
                return False
