"""Credit: which scores multiply which cost, which costs a control variate sees (LOSS.md §2-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Ancestors, Dependence, Stepwise
from storchc.analysis.facts.liveness import Liveness
from storchc.analysis.facts.scores import Scores
from storchc.ir.graph import Graph
from storchc.ir.nodes import Cost, Sample
from storchc.ir.steps import Seen, StepAncestors, in_steps
from storchc.ir.types import NO_PLATES, Plates
from storchc.records import dataclass

Groups = Mapping[str, Mapping[Plates, tuple[Seen, ...]]]
"""By sample: the costs that it is credited with when these plates of it are mixed on the way."""


@dataclass(frozen=True, slots=True)
class Crediting:
    """The samples whose parameters learn by costs, by what carries their gradient there.

    ``scoring`` have a score, of which ``weighted`` bring it into a reduction of their own plate;
    of those in ``controlling`` the whole gradient is in the control variate.
    """

    scoring: Mapping[str, Sample]
    controlling: Mapping[str, Sample]
    weighted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Credit:
    """The credit of every cost and every node.

    ``samples`` may be credited; ``scores[c]`` is L_c, ``before[i]`` L_before_i of each of them. One
    whose whole gradient is in its control variate is among them, but has no score.
    """

    samples: Crediting
    scores: Mapping[str, Scores]
    before: Mapping[str, Scores]


def _crediting(graph: Graph, estimators: Mapping[str, Estimator], live: Liveness) -> Crediting:
    learning = [s for s in graph.samples if s.name in live.parameters]
    scoring = {s.name: s for s in learning if estimators[s.name].carrier == "score"}
    controlling = {s.name: s for s in learning if estimators[s.name].carrier == "control"}
    weighted = frozenset(name for name in scoring if estimators[name].weighted)
    return Crediting(scoring, controlling, weighted)


def assign(
    graph: Graph,
    credited: Dependence,
    steps: Callable[[], Stepwise],
    carried: Dependence,
    estimators: Mapping[str, Estimator],
    live: Liveness,
) -> Credit:
    """Every cost credits the scores of the samples it depends on, and of no others.

    ``credited`` is the dependence by paths, ``steps`` makes the same with steps told apart, where
    there are any; ``carried`` is that of weights.
    """
    samples = _crediting(graph, estimators, live)
    together = {**samples.scoring, **samples.controlling}
    if graph.loop_names:
        sums, known = _InSteps(samples, frozenset(graph.loop_names)), steps()
        return Credit(
            samples,
            {c.name: sums.of(known.costs[c.name], carried.costs[c.name], c) for c in graph.costs},
            {
                n: sums.of(known.parameters[n], carried.parameters[n], s)
                for n, s in together.items()
            },
        )
    plain = _Plain(samples)
    above = {s.name: plain.drawn(s, credited, carried) for s in graph.samples}
    return Credit(
        samples,
        {c.name: plain.of(credited.costs[c.name], carried.costs[c.name], c) for c in graph.costs},
        {name: above[name] for name in together},
    )


def grouped(graph: Graph, credit: Credit, credited: Dependence) -> Groups:
    """What every sample is credited with."""
    groups: dict[str, dict[Plates, list[Seen]]] = {name: {} for name in credit.before}
    steps = frozenset(graph.loop_names)
    for cost, members in credit.scores.items():
        whole, ancestors = Seen(cost), credited.costs[cost]
        for name in credit.samples.controlling.keys() & ancestors.keys():
            groups[name].setdefault(ancestors[name], []).append(whole)
        for seen, mixed in members:
            credits = whole if seen.level is None else seen._replace(name=cost)
            groups[seen.name].setdefault(mixed - steps, []).append(credits)
    return {n: {mixed: tuple(costs) for mixed, costs in g.items()} for n, g in groups.items()}


# --- the scores of a sum -------------------------------------------------------------------------


def _plates(node: Sample | Cost) -> Plates:
    return node.type.plates if isinstance(node, Sample) else node.value.type.plates


def _outside(samples: Crediting, name: str, plates: Plates) -> bool:
    """Whether the weights of a sample carry its score already, as its plate is reduced."""
    return name in samples.weighted and samples.scoring[name].plate not in plates


@dataclass(slots=True)
class _Plain:
    """The scores of sums in a story without loops; ``known`` are by the identity of ancestors.

    Importance weights carry the score of their own sample into a reduction of its plate; outside of
    it the score stays with its element.
    """

    samples: Crediting
    nothing: Scores = field(default_factory=Scores)
    known: dict[int, Scores] = field(default_factory=dict)
    rank: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.rank = {name: rank for rank, name in enumerate(self.samples.scoring)}

    def drawn(self, sample: Sample, credited: Dependence, carried: Dependence) -> Scores:
        """The scores above a sample; what its value adds to them is kept in mind."""
        name = sample.name
        above = self.of(credited.parameters[name], carried.parameters[name], sample)
        if not self.samples.weighted:  # whose scores depend on who looks
            own = [(Seen(name), NO_PLATES)] if name in self.samples.scoring else []
            self.known[id(credited.values[name])] = above.and_all(own)
        return above

    def of(self, ancestors: Ancestors, weighing: Ancestors, node: Sample | Cost) -> Scores:
        """The scores of ``ancestors``, in the order of the story, for a ``node``."""
        if id(ancestors) in self.known:
            return self.known[id(ancestors)]
        samples, plates = self.samples, _plates(node)
        found = sorted(ancestors.keys() & self.rank.keys(), key=self.rank.__getitem__)
        mixed = (weighing if n in samples.weighted else ancestors for n in found)
        return self.nothing.and_all(
            (Seen(name), of[name])
            for name, of in zip(found, mixed, strict=True)
            if not _outside(samples, name, plates)
        )


@dataclass(slots=True)
class _InSteps:
    """The scores of sums in a story with loops, whose names are ``steps``."""

    samples: Crediting
    steps: Plates
    nothing: Scores = field(default_factory=Scores)

    def of(self, ancestors: StepAncestors, weighing: Ancestors, node: Sample | Cost) -> Scores:
        """The scores of ``ancestors``, in the order of the story, for a ``node`` in its loops."""
        samples, plates = self.samples, _plates(node)
        return self.nothing.and_all(
            (seen, weighing[seen.name] | (mixed & self.steps))
            if seen.name in samples.weighted
            else (seen, mixed)
            for seen, mixed in in_steps(ancestors, node.loops, samples.scoring)
            if not _outside(samples, seen.name, plates)
        )
