"""Credit: which scores multiply which cost, which costs a control variate sees (LOSS.md §2-4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Ancestors, Dependence, Stepwise
from storchc.analysis.facts.liveness import Liveness
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.steps import Loops, Seen, StepAncestors, in_steps
from storchc.ir.types import NO_PLATES, Plates
from storchc.records import dataclass

Scores = tuple[tuple[Seen, Plates], ...]
"""Samples whose log-probability enters a sum, each with the plates it is summed over first.

In loops a sample is seen in certain steps (`storchc.ir.steps`), and the steps that are summed are
among the plates.
"""


@dataclass(frozen=True, slots=True)
class Credit:
    """The credit of every cost and every node.

    ``scores[c]`` is L_c; ``before[i]`` is L_before_i; ``groups[i][M]`` are the costs that node i
    is credited with when its plates M are mixed on the way there. A node whose whole gradient is in
    its control variate has groups, but no score.
    """

    scores: Mapping[str, Scores]
    before: Mapping[str, Scores]
    groups: Mapping[str, Mapping[Plates, tuple[Seen, ...]]]


def assign(
    graph: Graph,
    credited: Dependence,
    steps: Stepwise,
    carried: Dependence,
    estimators: Mapping[str, Estimator],
    live: Liveness,
) -> Credit:
    """Every cost credits the scores of the samples it depends on, and of no others.

    ``credited`` is the dependence by paths, ``steps`` the same with steps told apart, ``carried``
    that of weights.
    """
    learning = [s for s in graph.samples if s.name in live.parameters]
    scoring = {s.name: s for s in learning if estimators[s.name].carrier == "score"}
    controlling = {s.name: s for s in learning if estimators[s.name].carrier == "control"}
    weighted = frozenset(name for name in scoring if estimators[name].weighted)
    scores = _Scores(scoring, weighted, frozenset(graph.loop_names))
    by_cost = {
        c.name: scores.of(steps.costs[c.name], carried.costs[c.name], c.value.type.plates, c.loops)
        for c in graph.costs
    }
    together = scoring | controlling
    groups: dict[str, dict[Plates, list[Seen]]] = {name: {} for name in together}
    for cost, members in by_cost.items():
        whole, ancestors = Seen(cost), credited.costs[cost]
        for name in controlling.keys() & ancestors.keys():
            groups[name].setdefault(ancestors[name], []).append(whole)
        for seen, mixed in members:
            credit = whole if seen.level is None else seen._replace(name=cost)
            groups[seen.name].setdefault(mixed - scores.steps, []).append(credit)
    before = {
        n: scores.of(steps.parameters[n], carried.parameters[n], s.type.plates, s.loops)
        for n, s in together.items()
    }
    return Credit(by_cost, before, {n: _fixed(g) for n, g in groups.items()})


def _fixed(groups: Mapping[Plates, list[Seen]]) -> Mapping[Plates, tuple[Seen, ...]]:
    return {mixed: tuple(costs) for mixed, costs in groups.items()}


@dataclass(slots=True)
class _Scores:
    """The samples whose scores enter sums, and how.

    Importance weights carry the score of their own sample into a reduction of its plate; outside of
    it the score stays with its element. ``plain`` are shared: a chain has millions of them.
    """

    scoring: Mapping[str, Sample]
    weighted: frozenset[str]
    steps: Plates
    plain: dict[Seen, tuple[Seen, Plates]] = field(init=False)

    def __post_init__(self) -> None:
        self.plain = {(seen := Seen(name)): (seen, NO_PLATES) for name in self.scoring}

    def of(
        self, ancestors: StepAncestors, weighing: Ancestors, plates: Plates, loops: Loops
    ) -> Scores:
        """The scores of ``ancestors``, for something with these plates in these loops."""
        if self.steps:
            return self._in_steps(ancestors, weighing, plates, loops)
        weighted, scoring = self.weighted, self.scoring
        found = ancestors.keys() & self.plain.keys()
        if weighted:
            found = {s for s in found if s.name not in weighted or scoring[s.name].plate in plates}
        mixed = {s: weighing[s.name] if s.name in weighted else ancestors[s] for s in found}
        return tuple(
            (s, mixed[s]) if mixed[s] else own for s, own in self.plain.items() if s in found
        )

    def _in_steps(
        self, ancestors: StepAncestors, weighing: Ancestors, plates: Plates, loops: Loops
    ) -> Scores:
        weighted, scoring = self.weighted, self.scoring
        return tuple(
            (seen, weighing[seen.name] | (mixed & self.steps) if seen.name in weighted else mixed)
            for seen, mixed in in_steps(ancestors, loops, scoring)
            if seen.name not in weighted or scoring[seen.name].plate in plates
        )
