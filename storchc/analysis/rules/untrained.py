"""Some cost credits each sample whose parameters learn, if any cost sees it."""

from __future__ import annotations

from collections.abc import Hashable, Set

from storchc.analysis.dataflow import flow_of
from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.dependence import Dependence, dependence
from storchc.catalogue import functions
from storchc.catalogue.function import Function
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.alike import key
from storchc.ir.expression import (
    Apply,
    Distribution,
    Divergence,
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
    sample trains its parameters by hand. An entropy is no surrogate: a bonus beside costs that
    are cut would be all that trains.
    """
    graph = known.graph
    if not known.dependence.cuts:
        return
    credited = _without_ends(known)
    seen, paid = map(_seen, (known.touched, credited))
    lost = [s for s in graph.samples if s.name in seen - paid and _learns(known, s)]
    if lost:
        by_hand = _by_hand(graph)
        cuts = _cuts(known, {sample.name for sample in lost})
        for sample in lost:
            if key(graph.construction(sample.distribution)) not in by_hand:
                span, by = cuts.get(sample.name, (sample.name_span, "stop_gradient"))
                problems.add(words.nothing_trains(sample, span, by))


def _seen(found: Dependence) -> frozenset[str]:
    """The samples that some cost depends on."""
    return frozenset().union(*found.costs.values())


def _without_ends(known: Estimation) -> Dependence:
    """The credit of costs as the story states them: of their values, not of when a loop ends."""
    if all(loop.stop is None for loop in known.typed.loops):
        return known.dependence
    return dependence(known.typed, flow_of(known.typed))


def _learns(known: Estimation, sample: Sample) -> bool:
    return known.live.places[sample.distribution]


def _by_hand(graph: Graph) -> frozenset[Hashable]:
    """The distributions of which some expression uses the density."""
    laws = (law for part in graph.parts for law in _laws(part))
    return frozenset(key(graph.construction(law)) for law in laws)


def _laws(part: Value | Distribution) -> tuple[Distribution, ...]:
    match part:
        case LogProb(law) | Property(law):
            return (law,)
        case Divergence(left, right):
            return left, right
    return ()


def _cuts(known: Estimation, samples: Set[str]) -> dict[str, tuple[Span, str]]:
    """The first place behind each of the samples that takes its credit, and the function there."""
    found: dict[str, tuple[Span, str]] = {}
    for part in known.graph.parts:
        if isinstance(part, Apply) and _takes_credit(functions.row(part.function)):
            for sample in known.touched.places[part].keys() & samples:
                found.setdefault(sample, (part.span, part.function))
    return found


def _takes_credit(row: Function) -> bool:
    return row.cut or row.uncredited
