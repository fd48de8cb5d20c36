"""All that is decided about estimating a story's gradient, after its types are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NoReturn

from storchc.analysis.dataflow import Flow, flow_of
from storchc.analysis.estimator import Estimator
from storchc.analysis.estimators.resolve import Estimators
from storchc.analysis.facts.credit import (
    Credit,
    Groups,
    assign,
    grouped,
)
from storchc.analysis.facts.demands import Demands
from storchc.analysis.facts.dependence import (
    Ancestors,
    Dependence,
    Stepwise,
    carriage,
    dependence,
    stepwise,
    touch,
)
from storchc.analysis.facts.distinct import Verdict
from storchc.analysis.facts.gates import beside_gates
from storchc.analysis.facts.joins import Join, Joins
from storchc.analysis.facts.jumps import Jumps
from storchc.analysis.facts.liveness import Liveness, learning, liveness
from storchc.analysis.facts.motion import Motion, motion
from storchc.analysis.facts.own_score import biases
from storchc.analysis.facts.ownership import Ownership
from storchc.analysis.facts.places import Places
from storchc.analysis.facts.ranges import Ranges
from storchc.analysis.facts.reach import Reaching, reaching
from storchc.analysis.facts.smoothness import Uneven
from storchc.analysis.facts.support import support_size
from storchc.analysis.facts.uncredited import UNCREDITED, Uncredited, uncredited
from storchc.analysis.rewrite.chains import Elimination
from storchc.analysis.rewrite.separation import Separation
from storchc.analysis.rewrite.sequences import Listing, Whole
from storchc.ir.expression import Apply, Construct, LogProb, OverPlates
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.ranges import OPEN_UNIT
from storchc.ir.walk import walk
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Origin:
    """The samples that a value is made of; ``credited`` are those that reach it without a cut.

    ``carried`` has the plates that were reduced while a sample's own was still there.
    """

    touched: Ancestors
    credited: Ancestors
    carried: Ancestors


@dataclass(frozen=True, slots=True)
class Written:
    """The story that code is generated for, and what is true of it as it is written there."""

    graph: Graph
    dependence: Dependence
    touched: Dependence
    carried: Dependence
    live: Liveness


class Estimation:
    """What is known of a story, as far as the passes have found it (`storchc.analysis.passes`).

    Each fact is made once, by the pass of its name, and is not changed; asking for one that no
    pass has made yet is an error. What a check does without is made when it is asked for first.

    ``typed`` is the story as it was typed, ``graph`` the same without `stop when`, of which all
    other facts speak. ``touched`` is the dependence that looks through cuts. ``elimination`` has
    the enumerated samples of loops that are summed out step by step, ``listing`` those whose whole
    sequences are listed, ``separation`` those whose factors are evaluated apart. ``joined`` has the
    costs that multi-sample methods know how to join, ``distinct`` the calls below samples that
    repeat, ``ranges`` where values lie, ``used`` the names that something uses which is paid or
    shown.

    ``agreed`` are the choices that do not jump, ``uneven`` is what does or bends: ``first``, the
    first choice of estimators, knows nothing of it. ``jumps`` are those that something moves.
    """

    typed: Graph
    graph: Graph
    flow: Flow
    dependence: Dependence
    touched: Dependence
    agreed: frozenset[int]
    first: Estimators
    uneven: Uneven
    resolved: Estimators
    jumps: Jumps
    elimination: Elimination
    listing: Listing
    live: Liveness
    ownership: Ownership
    ranges: Ranges
    joined: Joins
    separation: Separation
    distinct: Mapping[str, tuple[Verdict, ...]]
    used: frozenset[str]

    def __init__(self, **facts: Any) -> None:
        """``facts`` by the names above."""
        self.__dict__.update(facts)

    def knowing(self, name: str, fact: object) -> Estimation:
        """The same with one more fact."""
        return Estimation(**self.__dict__, **{name: fact})

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"`{name}` is a fact: it is made once, by its pass")

    # --- by other names --------------------------------------------------------------------------

    @property
    def estimators(self) -> Mapping[str, Estimator]:
        """The estimator of every sample."""
        return self.resolved.of

    @property
    def demands(self) -> Demands:
        """What the costs ask of the samples."""
        return self.resolved.demands

    @property
    def sequences(self) -> Mapping[str, Whole]:
        """The samples whose whole sequences are listed."""
        return self.listing.of

    @property
    def joins(self) -> Mapping[str, Join]:
        """The joins of multi-sample methods."""
        return self.joined.of

    @property
    def order(self) -> int | None:
        """The highest derivative that is right, None for any."""
        learning = (e for name, e in self.estimators.items() if name in self.live.parameters)
        orders = [e.order for e in learning if e.order is not None]
        semi = any(isinstance(p, Apply) and p.function == UNCREDITED for p in self.graph.parts)
        return min([*orders, *([1] if semi else [])], default=None)

    def configurations(self, sample: Sample) -> int | None:
        """How many configurations of an enumerated sample are evaluated; None if not known now.

        Of one in a loop that is summed out step by step they are those of a step.
        """
        if sample.name in self.elimination.chains:
            return self.elimination.chains[sample.name].pairs
        separated = self.separation.samples.get(sample.name)
        if separated is not None:
            return separated.configurations
        return support_size(self.graph.construction(sample.distribution))

    # --- made when asked for ---------------------------------------------------------------------

    @cached_property
    def carried(self) -> Dependence:
        """The dependence of weights that are carried on."""
        return self._carriage(self.graph, self.flow, self.touched)

    @cached_property
    def steps(self) -> Stepwise:
        """The dependence with the steps of loops told apart."""
        return stepwise(self.graph, self.flow, self.dependence)

    @cached_property
    def credit(self) -> Credit:
        """Which scores multiply which cost."""
        known = self.dependence, lambda: self.steps, self.carried
        return assign(self.graph, *known, self.estimators, self.live)

    @cached_property
    def groups(self) -> Groups:
        """The costs that every sample is credited with; quadratic in a long chain."""
        return grouped(self.graph, self.credit, self.dependence)

    @cached_property
    def uncredited(self) -> Uncredited:
        """Which samples reach what by way of `without_credit`."""
        return uncredited(self.graph, self.flow, self.touched)

    @cached_property
    def motion(self) -> Places[Motion]:
        """What moves every expression: what learns by it, and what is continuous."""
        return motion(self.graph, self.flow, self.estimators)

    @cached_property
    def alive(self) -> Reaching:
        """What reaches a cost, and how."""
        return reaching(self.graph, self.flow, self.estimators, self.agreed)

    @cached_property
    def biases(self) -> Mapping[str, str]:
        """Why the gradient of a sample is biased in this story, by the sample's name."""
        return biases(self.graph, self.flow, self.touched, self.estimators)

    @cached_property
    def scored(self) -> frozenset[int]:
        """The distributions of samples whose gradient is a score, by the identity of what is made.

        A score never sees an outcome of probability 0, whatever its probability would become.
        """
        names = (s for s in self.graph.samples if self.estimators[s.name].carrier == "score")
        return frozenset(id(self.graph.construction(sample.distribution)) for sample in names)

    @cached_property
    def gated(self) -> frozenset[int]:
        """What stands beside a lattice value in the probabilities of a score, by identity.

        Where that value is 1 the probability is strictly between 0 and 1 where these are.
        """
        made = (p for p in self.graph.parts if isinstance(p, Construct) and id(p) in self.scored)
        probs = [v for each in made for name, v in each.parameters if name == "probs"]
        beside = (beside_gates(self.graph, self.ranges, v) or () for v in probs if v.type.rank == 0)
        return frozenset(
            id(factor)
            for factors in beside
            for factor in factors
            if self.live.places[factor] and not self.ranges.places[factor].within(OPEN_UNIT)
        )

    @cached_property
    def observations(self) -> frozenset[int]:
        """The log-probabilities that `observe` statements pay, by the identity of the expression.

        Those of the story as it was typed: code that is written otherwise looks at nothing.
        """
        paid = (cost.value for cost in self.graph.costs if cost.observed)
        return frozenset(id(p) for value in paid for p in walk(value) if isinstance(p, LogProb))

    @cached_property
    def spared(self) -> frozenset[Span]:
        """The places of the calls that are made once for each distinct row."""
        every = (v for calls in self.distinct.values() for v in calls)
        return frozenset(v.call.span for v in every if not v.obstacle)

    @cached_property
    def written(self) -> Written:
        """The story with the expectations in it that are taken when it is compiled."""
        graph = self.elimination.written(self.separation.graph, self.dependence)
        if graph is self.graph:
            return Written(graph, self.dependence, self.touched, self.carried, self.live)
        flow = flow_of(graph)
        credited = dependence(graph, flow)
        touched = touch(graph, flow, credited)
        carried = self._carriage(graph, flow, touched)
        live = liveness(graph, flow, self.estimators, learning(graph))
        return Written(graph, credited, touched, carried, live)

    def _carriage(self, graph: Graph, flow: Flow, touched: Dependence) -> Dependence:
        """Only weights that are not enumerated multiply over plates that were reduced."""
        weighted = any(e.weighted and not e.enumerated for e in self.estimators.values())
        return carriage(graph, flow) if weighted else touched

    # --- origins ---------------------------------------------------------------------------------

    def cost_origin(self, cost: str) -> Origin:
        """The origin of a cost."""
        return self.origin(lambda d: d.costs[cost])

    def origin(self, ancestors: Callable[[Dependence], Ancestors]) -> Origin:
        """The origin of the value whose ``ancestors`` are asked for."""
        return Origin(*map(ancestors, (self.touched, self.dependence, self.carried)))

    def reduced_origin(self, reduction: OverPlates) -> Origin:
        """The origin of what is reduced at a place of the story that code is generated for.

        The slopes of joins stand in the story as it was before; they are free of all that is
        written otherwise.
        """
        of = self.written if reduction.value in self.written.touched.places else self
        known = of.touched, of.dependence, of.carried
        return Origin(*(d.places[reduction.value] for d in known))
