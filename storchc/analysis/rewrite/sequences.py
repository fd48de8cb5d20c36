"""Enumerated samples of loops whose whole sequences of outcomes are evaluated, within a budget.

The plate of such a sample has an element for each sequence, laid out once for all steps; its
weights are the products of the probabilities of every step, with their gradient. A cost of an early
step sums over later outcomes too, which changes nothing as long as these depend on nothing that was
drawn for each sequence by itself (LOSS.md §6). In a loop that stops the same sequence stands in
several elements, which share what it weighs.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from storchc.analysis.estimators.resolve import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.support import support_size
from storchc.analysis.rewrite.chains import Elimination, Obstacle, check_cuts
from storchc.diagnostics import loops as words
from storchc.diagnostics.diagnostic import Label, Problems
from storchc.ir.expression import OverPlates
from storchc.ir.graph import Graph, Loop, Node, Sample
from storchc.ir.index import construction
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass

Estimators = Mapping[str, Estimator]

_HUGE = 64
"""Draws from which the number of sequences is not worked out."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A sample that is enumerated with all its sequences: ``states`` in each of ``draws``."""

    states: int
    draws: int

    @property
    def count(self) -> int:
        """How many sequences there are; a number beyond every budget stands for far more."""
        return int(self.states**self.draws) if self.draws < _HUGE or self.states == 1 else 10**18


def whole_sequences(
    graph: Graph,
    credited: Dependence,
    touched: Dependence,
    estimators: Estimators,
    elimination: Elimination,
    budget: int,
    problems: Problems,
) -> Mapping[str, Whole]:
    """Those samples that cannot be summed out step by step; refused where neither can be done.

    ``touched`` looks through cuts, ``credited`` does not; ``budget`` is for those that name none.
    """
    found: dict[str, Whole] = {}
    for sample in graph.samples:
        obstacle = elimination.obstacles.get(sample.name)
        if obstacle is None:
            continue
        estimator = estimators[sample.name]
        label, drawer = Label(obstacle.span, obstacle.words), _drawer(sample, estimator)
        bounds = [n.bound for n in graph.loops if n.name in sample.loops]
        unknown = [str(bound) for bound in bounds if bound.value is None]
        if unknown:
            told = sample.name, unknown[0], estimator.span
            problems.add(words.unknown_sequences(*told, label, obstacle.way))
            continue
        states = support_size(construction(graph, sample.distribution)) or 1
        whole = Whole(states, prod(bound.value or 1 for bound in bounds))
        most = budget if estimator.budget is None else estimator.budget
        try:
            check_cuts(graph, sample, credited, touched)
            _check(graph, sample, touched, estimators)
        except Obstacle as other:
            place = Label(other.span, other.words)
            told_place = sample.name, drawer, estimator.span, place
            problems.add(words.whole_sequences(*told_place, other.way))
            continue
        if whole.count > most:
            told_size = whole.count, most, estimator.span
            problems.add(words.many_sequences(sample.name, *told_size, label, obstacle.way))
        found[sample.name] = whole
    return found


def _drawer(sample: Sample, estimator: Estimator) -> str:
    return estimator.name if sample.sampler is None else sample.sampler.name


def _check(graph: Graph, sample: Sample, dependent: Dependence, estimators: Estimators) -> None:
    """Raise `Obstacle` where whole sequences are not compiled, or would not be right."""
    name = sample.name
    outermost = next(n for n in graph.loops if n.name == sample.loops[0])
    for node in _inside(outermost):
        if isinstance(node, Sample) and node is not sample:
            _check_beside(sample, node, dependent, estimators)
        for part in (p for value in expressions(node) for p in walk(value)):
            if isinstance(part, OverPlates) and name in part.plates:
                raise Obstacle(part.span, f"this joins sequences of `{name}` that have not ended")


def _check_beside(
    sample: Sample, other: Sample, dependent: Dependence, estimators: Estimators
) -> None:
    name, place = sample.name, other.name_span
    if estimators[other.name].joint:
        raise Obstacle(place, f"`{other.name}` chooses anew in every step")
    if sample.mask is not None and not estimators[other.name].enumerated:
        said = f"`{other.name}` is drawn in a loop in which sequences of `{name}` stop"
        raise Obstacle(place, said, words.TO_THE_END)
    if other.plate == name:
        raise Obstacle(place, f"`{other.name}` is drawn along with each sequence of `{name}`")
    below = name in dependent.parameters[other.name]
    if below and estimators[other.name].weighted:
        raise Obstacle(place, f"`{other.name}` weighs anew in every step, below `{name}`")
    mutual = below and other.name in dependent.parameters[name]
    if mutual and not estimators[other.name].enumerated:
        said = f"`{other.name}` depends on `{name}`, and `{name}` in later steps on it"
        raise Obstacle(place, said)


def _inside(loop: Loop) -> list[Node]:
    """The loop, its body, and the bodies within it."""
    found: list[Node] = [loop]
    for node in loop.body:
        found += _inside(node) if isinstance(node, Loop) else [node]
    return found
