"""Which estimator stands at each sample, and what the costs ask of it: one from the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import assert_never

from storchc.analysis.dataflow import Flow, Memory, Push, Statement, Variable, Weights, backwards
from storchc.analysis.estimator import Estimator
from storchc.analysis.estimators.choosing import Site, estimator_at, family_of
from storchc.analysis.estimators.counts import counts_of
from storchc.analysis.facts.demands import SMOOTH, Asking, Demand, Demands, join
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.mixing import mixed_samples
from storchc.analysis.facts.smoothness import Uneven
from storchc.ir.expression import CallUser, Distribution, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Estimators:
    """The estimator of every sample, and the demands that decided it, in story order."""

    of: Mapping[str, Estimator]
    demands: Demands


def resolve(
    graph: Graph,
    flow: Flow,
    touched: Dependence,
    agreed: frozenset[int],
    uneven: Uneven | None = None,
) -> Estimators:
    """The estimators of a story; ``touched`` is what samples move, through cuts too.

    ``agreed`` are the choices that do not jump, ``uneven`` is what does and hands a gradient on.
    """
    stateful = tuple(n for n, callee in graph.callees.items() if "stateful" in callee.flags)
    asking = Asking(graph.callees, agreed, uneven)
    found = _Backwards(graph, counts_of(graph), mixed_samples(graph, touched), stateful, asking)
    backwards(flow, found)
    names = [s.name for s in graph.samples]
    return Estimators(
        {name: found.found[name] for name in names},
        Demands(
            {name: found.asked[name] for name in names if name in found.asked},
            {name: found.weights[name] for name in names},
        ),
    )


@dataclass(slots=True)
class _Backwards:
    """The walk from the end of the story: demands first, then the estimators that meet them."""

    graph: Graph
    counts: Mapping[str, int]
    mixing: frozenset[str]
    stateful: tuple[str, ...]
    asking: Asking
    found: dict[str, Estimator] = field(default_factory=dict)
    asked: dict[str, Demand] = field(default_factory=dict)
    weights: dict[str, Demand] = field(default_factory=dict)

    def statement(
        self,
        node: Statement,
        asked: Callable[[Variable], Demand | None],
        push: Push[Demand],
    ) -> None:
        """See `Backward.statement`."""
        self._remembered(node, asked, push)
        match node:
            case Cost(name, value, observed):
                demand = None if observed else asked(name)
                self._ask(value, SMOOTH if demand is None else demand, push)
            case Compute(names, value):
                if (demand := self._joint(names, asked)) is not None:
                    self._ask(value, demand, push)
            case Sample():
                self._sample(node, asked, push)
            case Report():
                pass
            case _:
                assert_never(node)

    def _remembered(
        self,
        node: Statement,
        asked: Callable[[Variable], Demand | None],
        push: Push[Demand],
    ) -> None:
        """What later calls of a stateful function have in mind is made of what it is given here."""
        for name in self.stateful:
            if (demand := asked(Memory(name))) is None:
                continue
            push(Memory(name), demand)
            for call in (p for value in expressions(node) for p in walk(value)):
                if isinstance(call, CallUser) and call.callee == name:
                    self.asking.ask_operands(call, demand, push)

    def _joint(
        self, names: tuple[str, ...], asked: Callable[[Variable], Demand | None]
    ) -> Demand | None:
        """The demand on several names bound by one statement; None when nothing is asked."""
        found = [demand for name in names if (demand := asked(name)) is not None]
        total = found[0] if found else None
        for demand in found[1:]:
            total = join(total or SMOOTH, demand)
        return total

    def _sample(
        self,
        node: Sample,
        asked: Callable[[Variable], Demand | None],
        push: Push[Demand],
    ) -> None:
        demand, weights = asked(node.name), asked(Weights(node.plate))
        site = Site(
            self.graph,
            node,
            family_of(node),
            demand,
            self.counts.get(node.plate, 1),
            node.name in self.mixing,
        )
        self.found[node.name] = estimator = estimator_at(site)
        self.weights[node.name] = weights or SMOOTH
        if demand is not None:
            self.asked[node.name] = demand
        if node.mask is not None and demand is not None:
            stopping = demand.broken(node.mask.span, "no gradient flows through `stop when`")
            self._ask(node.mask, stopping, push)
        self._ask_parameters(node, estimator, demand, weights or SMOOTH, push)
        if weights is not None:  # samples above in this plate have a part in its weights
            push(Weights(node.plate), weights)

    def _ask_parameters(
        self,
        node: Sample,
        estimator: Estimator,
        demand: Demand | None,
        weights: Demand,
        push: Push[Demand],
    ) -> None:
        for value in (node.distribution, *_smooth_options(estimator)):
            if estimator.enumerated or estimator.weighted:
                self._ask(value, weights, push)
            elif estimator.carrier != "pathwise":
                self._ask(value, SMOOTH, push)
            elif demand is not None:
                self._ask(value, demand, push)

    def initial(self, carried: Carried, asked: Demand, push: Push[Demand]) -> None:
        """See `Backward.initial`."""
        self._ask(carried.initial, asked, push)

    def join(self, a: Demand, b: Demand) -> Demand:
        """See `Backward.join`."""
        return join(a, b)

    def _ask(self, value: Value | Distribution, demand: Demand, push: Push[Demand]) -> None:
        self.asking.ask(value, demand, push)


def _smooth_options(estimator: Estimator) -> list[Value | Distribution]:
    return [v for name, v in estimator.values.items() if name == "temperature"]
