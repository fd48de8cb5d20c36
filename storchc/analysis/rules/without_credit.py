"""What is `without_credit` reads draws as data, and is paid for in no other way."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.uncredited import uncredited_places
from storchc.analysis.rewrite.fixed import movement
from storchc.diagnostics import credit as words
from storchc.diagnostics.diagnostic import Problems


def run(known: Estimation, problems: Problems) -> None:
    """Refuse it of draws that cannot be fixed, and of those that a summand credits all the same."""
    graph = known.graph
    if next(uncredited_places(graph), None) is None:
        return
    moved = movement(graph, known.flow, known.dependence, known.live, known.estimators)
    for place in filter(moved.kept, uncredited_places(graph)):
        problems.add(words.uncredited_state(place.span))
    for cost, samples in known.uncredited.costs.items():
        both = sorted(samples & known.dependence.costs[cost].keys())
        if both:
            problems.add(words.credited_both_ways(graph.cost_by_name[cost], both))
