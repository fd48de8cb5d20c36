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

from storchc.analysis.dataflow import Flow
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.support import support_size
from storchc.analysis.rewrite.chains import Elimination, check_cuts
from storchc.analysis.rewrite.obstacles import HinderedError, Obstacle
from storchc.diagnostics import loops as words
from storchc.ir.expression import OverPlates
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.walk import expressions, nodes_in, walk
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


@dataclass(frozen=True, slots=True)
class Unknown:
    """The number of steps of a loop around a sample, where it is not known now."""

    bound: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The samples whose whole sequences are listed, as they cannot be summed out step by step.

    ``unknown`` are those with a number of sequences that is not known, ``hindered`` those for
    which neither can be done.
    """

    of: Mapping[str, Whole]
    unknown: Mapping[str, Unknown]
    hindered: Mapping[str, Obstacle]


def list_sequences(
    graph: Graph,
    flow: Flow,
    credited: Dependence,
    touched: Dependence,
    estimators: Estimators,
    elimination: Elimination,
) -> Listing:
    """Decide it for every sample; ``touched`` looks through cuts, ``credited`` does not."""
    found: dict[str, Whole] = {}
    unknown: dict[str, Unknown] = {}
    hindered: dict[str, Obstacle] = {}
    for sample in graph.samples:
        if sample.name not in elimination.obstacles:
            continue
        bounds = [graph.loop_by_name[name].bound for name in sample.loops]
        free = [str(bound) for bound in bounds if bound.value is None]
        if free:
            unknown[sample.name] = Unknown(free[0])
            continue
        states = support_size(graph.construction(sample.distribution)) or 1
        try:
            check_cuts(graph, flow, sample, credited, touched)
            _check(graph, sample, touched, estimators)
        except HinderedError as other:
            hindered[sample.name] = other.obstacle
        else:
            found[sample.name] = Whole(states, prod(bound.value or 1 for bound in bounds))
    return Listing(found, unknown, hindered)


def _check(graph: Graph, sample: Sample, dependent: Dependence, estimators: Estimators) -> None:
    """Raise `HinderedError` where whole sequences are not compiled, or would not be right."""
    name = sample.name
    outermost = graph.loop_by_name[sample.loops[0]]
    for node in nodes_in((outermost,)):
        if isinstance(node, Sample) and node is not sample:
            _check_beside(sample, node, dependent, estimators)
        for part in (p for value in expressions(node) for p in walk(value)):
            if isinstance(part, OverPlates) and name in part.plates:
                raise HinderedError(
                    part.span, f"this joins sequences of `{name}` that have not ended"
                )


def _check_beside(
    sample: Sample, other: Sample, dependent: Dependence, estimators: Estimators
) -> None:
    name, place = sample.name, other.name_span
    if estimators[other.name].joint:
        raise HinderedError(place, f"`{other.name}` chooses anew in every step")
    if sample.mask is not None and not estimators[other.name].enumerated:
        said = f"`{other.name}` is drawn in a loop in which sequences of `{name}` stop"
        raise HinderedError(place, said, words.TO_THE_END)
    if other.plate == name:
        raise HinderedError(place, f"`{other.name}` is drawn along with each sequence of `{name}`")
    below = name in dependent.parameters[other.name]
    if below and estimators[other.name].weighted:
        raise HinderedError(place, f"`{other.name}` weighs anew in every step, below `{name}`")
    mutual = below and other.name in dependent.parameters[name]
    if mutual and not estimators[other.name].enumerated:
        said = f"`{other.name}` depends on `{name}`, and `{name}` in later steps on it"
        raise HinderedError(place, said)
