"""Credit: which scores multiply which cost, which costs a control variate sees (LOSS.md §2-4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from storchc.analysis.estimators.resolve import Estimator
from storchc.analysis.facts.dependence import Ancestors, Dependence
from storchc.diagnostics import credit as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Named, OverPlates, Reference
from storchc.ir.graph import Compute, Graph, Loop, Node, Sample
from storchc.ir.steps import Loops, in_steps, sample_of, seen_from
from storchc.ir.types import NO_PLATES, Plates
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass

Scores = tuple[tuple[str, Plates], ...]
"""Samples whose log-probability enters a sum, each with the plates it is summed over first.

In loops a sample stands under a key that says in which steps (`storchc.ir.steps`), and the
steps that are summed are among the plates.
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
    groups: Mapping[str, Mapping[Plates, tuple[str, ...]]]


def assign(
    graph: Graph,
    dependent: Dependence,
    carried: Dependence,
    estimators: Mapping[str, Estimator],
    live: frozenset[str],
) -> Credit:
    """Every cost credits the scores of the samples it depends on, and of no others."""
    learning = [s for s in graph.samples if f"~{s.name}" in live]
    scoring = {s.name: s for s in learning if estimators[s.name].carrier == "score"}
    controlling = {s.name: s for s in learning if estimators[s.name].carrier == "control"}
    weighted = frozenset(name for name in scoring if estimators[name].weighted)
    scores = _Scores(scoring, weighted, frozenset(graph.loop_names))
    by_cost = {
        c.name: scores.of(
            dependent.costs[c.name], carried.costs[c.name], c.value.type.plates, c.loops
        )
        for c in graph.costs
    }
    credited = scoring | controlling
    groups: dict[str, dict[Plates, list[str]]] = {name: {} for name in credited}
    for cost, members in by_cost.items():
        for name in controlling.keys() & dependent.costs[cost].keys():
            groups[name].setdefault(dependent.costs[cost][name], []).append(cost)
        for key, mixed in members:
            name, credit = seen_from(key, cost) if scores.steps else (key, cost)
            groups[name].setdefault(mixed - scores.steps, []).append(credit)
    before = {
        n: scores.of(dependent.parameters[n], carried.parameters[n], s.type.plates, s.loops)
        for n, s in credited.items()
    }
    return Credit(by_cost, before, {n: _fixed(g) for n, g in groups.items()})


def _fixed(groups: Mapping[Plates, list[str]]) -> Mapping[Plates, tuple[str, ...]]:
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
    plain: dict[str, tuple[str, Plates]] = field(init=False)

    def __post_init__(self) -> None:
        self.plain = {name: (name, NO_PLATES) for name in self.scoring}

    def of(self, ancestors: Ancestors, weighing: Ancestors, plates: Plates, loops: Loops) -> Scores:
        """The scores of ``ancestors``, for something with these plates in these loops."""
        if self.steps:
            return self._in_steps(ancestors, weighing, plates, loops)
        weighted, scoring = self.weighted, self.scoring
        found = ancestors.keys() & scoring.keys()
        if weighted:
            found = {n for n in found if n not in weighted or scoring[n].plate in plates}
        mixed = {n: weighing[n] if n in weighted else ancestors[n] for n in found}
        return tuple((n, mixed[n]) if mixed[n] else self.plain[n] for n in scoring if n in found)

    def _in_steps(
        self, ancestors: Ancestors, weighing: Ancestors, plates: Plates, loops: Loops
    ) -> Scores:
        weighted, scoring = self.weighted, self.scoring
        return tuple(
            (key, weighing[name] | (mixed & self.steps) if name in weighted else mixed)
            for key, mixed in in_steps(ancestors, loops, scoring)
            if (name := sample_of(key)) not in weighted or scoring[name].plate in plates
        )


def check(
    graph: Graph, dependent: Dependence, estimators: Mapping[str, Estimator], problems: Problems
) -> None:
    """Refuse what no weighting makes right."""
    for reduction in _reductions(graph):
        _check_reduction(graph, reduction, estimators, problems)
    for sample in graph.samples:
        _check_baseline(sample, estimators[sample.name], problems)
    if not graph.costs:
        problems.add(words.no_cost(graph.name, graph.name_span))
    _check_reach(graph, problems)


def _reductions(graph: Graph) -> Iterator[OverPlates]:
    for node in graph.all_nodes:
        for root in expressions(node):
            yield from (e for e in walk(root) if isinstance(e, OverPlates))


def _check_reduction(
    graph: Graph,
    reduction: OverPlates,
    estimators: Mapping[str, Estimator],
    problems: Problems,
) -> None:
    left = reduction.value.type.plates - frozenset(reduction.plates)
    for sample in graph.samples:
        estimator = estimators[sample.name]
        if sample.plate not in left or not _carries(estimator):
            continue
        carried = sample.type.plates - {sample.plate}
        clash = tuple(p for p in reduction.plates if p in carried)
        if clash:
            function, place = reduction.function, sample.name_span
            problems.add(
                words.reduced_too_early(clash, sample.plate, function, reduction.span, place)
            )


def _carries(estimator: Estimator) -> bool:
    """Whether nothing can be reduced before its weights; those of independent draws multiply."""
    return estimator.enumerated or (estimator.weighted and estimator.sampling != "iid")


def _check_baseline(sample: Sample, estimator: Estimator, problems: Problems) -> None:
    baseline = estimator.values.get("baseline")
    if baseline is None:
        return
    for plate in sorted(baseline.type.plates - sample.type.plates):
        problems.add(words.baseline_plates(sample, plate, baseline.span))


def _check_reach(graph: Graph, problems: Problems) -> None:
    """A value that a cost uses behind `stop_gradient` is used, though it earns no credit."""
    used: set[str] = set()
    _use(graph.nodes, used)
    for sample in reversed(graph.samples if graph.costs else ()):
        if sample.name not in used:
            problems.add(words.reaches_no_cost(sample, sample.name_span))


def _use(nodes: tuple[Node, ...], used: set[str]) -> None:
    """Add the names that what is used is made of, from the last node to the first."""
    for node in reversed(nodes):
        match node:
            case Compute(names) if used.isdisjoint(names):
                continue
            case Sample(name=name) if name not in used:
                continue
            case Loop():
                before = -1
                while before < len(used):
                    before = len(used)
                    _use(node.body, used)
        found = (e for root in expressions(node) for e in walk(root))
        used.update(e.name for e in found if isinstance(e, Reference | Named))
