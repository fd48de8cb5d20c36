"""All that is decided about estimating a story's gradient, after its types are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from storchc.analysis.estimators.resolve import Estimator, resolve
from storchc.analysis.facts import credit as crediting
from storchc.analysis.facts.credit import Credit
from storchc.analysis.facts.dependence import (
    Ancestors,
    Dependence,
    carried_dependence,
    dependence,
    stepwise,
)
from storchc.analysis.facts.distinct import Verdict, check_distinct, verdicts
from storchc.analysis.facts.joins import Join, joins_of
from storchc.analysis.facts.liveness import check_proposals, check_supports, learning, live_names
from storchc.analysis.facts.own_score import biases
from storchc.analysis.facts.ownership import check_baselines
from storchc.analysis.rewrite.chains import Elimination, eliminate
from storchc.analysis.rewrite.separation import Separation, separate
from storchc.analysis.rewrite.sequences import Whole, whole_sequences
from storchc.analysis.rules.budgets import BUDGET, check_budgets
from storchc.analysis.rules.counted import check_counted
from storchc.analysis.rules.coupling import check_coupling
from storchc.analysis.rules.draws import check_draws
from storchc.analysis.rules.looping import check_loops
from storchc.analysis.rules.memory import check_memory
from storchc.analysis.rules.slopes import check_slopes
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
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


@dataclass(frozen=True)
class Estimation:
    """Dependence, the estimator of every sample, and the credit of every cost.

    ``touched`` is the dependence that looks through cuts, ``carried`` that of weights, ``steps``
    the one that tells the steps of loops apart; ``live`` holds the names that carry a gradient to
    something that learns; ``joins`` those costs that multi-sample methods know how to join;
    ``distinct`` the calls below samples that repeat;
    ``order`` is the highest derivative that is right, None for any; ``separation`` has the
    enumerated samples whose factors are evaluated apart, ``elimination`` those of loops that are
    summed out step by step; ``written`` is the story with their expectations in it. ``sequences``
    are those whose whole sequences are listed.
    """

    graph: Graph
    dependence: Dependence
    touched: Dependence
    carried: Dependence
    steps: Dependence
    estimators: Mapping[str, Estimator]
    live: frozenset[str]
    joins: Mapping[str, Join]
    distinct: Mapping[str, tuple[Verdict, ...]]
    order: int | None
    separation: Separation
    elimination: Elimination
    sequences: Mapping[str, Whole]

    @cached_property
    def written(self) -> Graph:
        """The story that code is generated for."""
        return self.elimination.written(self.separation.graph, self.dependence)

    @cached_property
    def biases(self) -> Mapping[str, str]:
        """Why the gradient of a sample is biased in this story, by the sample's name."""
        return biases(self.graph, self.touched, self.estimators)

    @cached_property
    def spared(self) -> frozenset[Span]:
        """The places of the calls that are made once for each distinct row."""
        every = (v for calls in self.distinct.values() for v in calls)
        return frozenset(v.call.span for v in every if not v.obstacle)

    @cached_property
    def credit(self) -> Credit:
        """Which scores multiply which cost; quadratic in a long chain, so made on demand."""
        return crediting.assign(self.graph, self.steps, self.carried, self.estimators, self.live)

    def cost_origin(self, cost: str) -> Origin:
        """The origin of a cost."""
        return self.origin(lambda d: d.costs[cost])

    def origin(self, ancestors: Callable[[Dependence], Ancestors]) -> Origin:
        """The origin of the value whose ``ancestors`` are asked for."""
        return Origin(*map(ancestors, (self.touched, self.dependence, self.carried)))


def analyse(graph: Graph, problems: Problems) -> Estimation:
    """Paths, methods, credit: each stage reads the graph and the stages before it."""
    check_counted(graph, problems)
    dependent = dependence(graph)
    touched = dependence(graph, through_cuts=True) if dependent.met_cut else dependent
    estimators = resolve(graph, touched, problems)
    elimination = eliminate(graph, dependent, touched, estimators)
    check_loops(graph, touched, estimators, elimination, problems)
    listed = whole_sequences(graph, dependent, touched, estimators, elimination, BUDGET, problems)
    crediting.check(graph, dependent, estimators, problems)
    check_draws(graph, touched, estimators, problems)
    check_memory(graph, estimators, problems)
    check_slopes(graph, dependent, touched, estimators, problems)
    live = live_names(graph, estimators, learning(graph))
    check_supports(graph, estimators, live, problems)
    check_proposals(graph, dependent, estimators, live, problems)
    check_coupling(graph, dependent, estimators, problems)
    check_baselines(graph, estimators, problems)
    joins = joins_of(graph, touched, estimators, problems)
    separation = separate(graph, estimators, joins)
    check_budgets(graph, estimators, separation, elimination, problems)
    distinct = verdicts(graph, touched, estimators)
    check_distinct(graph, distinct, problems)
    orders = [
        e.order for name, e in estimators.items() if e.order is not None and f"~{name}" in live
    ]
    weighted = any(e.weighted and not e.enumerated for e in estimators.values())
    carried = carried_dependence(graph) if weighted else touched
    steps = stepwise(graph, dependent)
    live |= separation.moving(live)
    order = min(orders, default=None)
    return Estimation(
        graph,
        dependent,
        touched,
        carried,
        steps,
        estimators,
        live,
        joins,
        distinct,
        order,
        separation,
        elimination,
        listed,
    )
