"""Some cost credits each sample whose parameters learn, if any cost sees it."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.dataflow import flow_of
from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.dependence import Dependence, dependence
from storchc.catalogue import functions
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import (
    Apply,
    Distribution,
    Divergence,
    Entropy,
    LogProb,
    Property,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.source import Span


def run(known: Estimation, problems: Problems) -> None:
    """Warn of samples that are cut off wherever a cost uses them.

    Credit that they have by ending a loop alone is none; a story whose costs use the density of a
    sample trains its parameters by hand.
    """
    graph = known.graph
    if not known.dependence.cuts:
        return
    credited = _without_ends(known)
    for sample in graph.samples:
        name = sample.name
        seen = any(name in known.touched.costs[cost.name] for cost in graph.costs)
        paid = any(name in credited.costs[cost.name] for cost in graph.costs)
        if seen and not paid and _learns(known, sample) and not _by_hand(graph, sample):
            cut = next(_cuts(known, name), sample.name_span)
            problems.add(words.nothing_trains(sample, cut))


def _without_ends(known: Estimation) -> Dependence:
    """The credit of costs as the story states them: of their values, not of when a loop ends."""
    if all(loop.stop is None for loop in known.typed.loops):
        return known.dependence
    return dependence(known.typed, flow_of(known.typed))


def _learns(known: Estimation, sample: Sample) -> bool:
    return known.live.places[sample.distribution]


def _by_hand(graph: Graph, sample: Sample) -> bool:
    """Whether some expression uses the density that it is drawn from."""
    made = graph.construction(sample.distribution)
    return any(made is graph.construction(law) for part in graph.parts for law in _laws(part))


def _laws(part: Value | Distribution) -> tuple[Distribution, ...]:
    match part:
        case LogProb(law) | Entropy(law) | Property(law):
            return (law,)
        case Divergence(left, right):
            return left, right
    return ()


def _cuts(known: Estimation, sample: str) -> Iterator[Span]:
    for part in known.graph.parts:
        cuts = isinstance(part, Apply) and functions.row(part.function).cut
        if cuts and sample in known.touched.places[part]:
            yield part.span
