"""What is `without_credit` reads draws that no gradient moves, and is paid for in no other way."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.uncredited import uncredited, uncredited_places
from storchc.diagnostics import credit as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.nodes import Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse it of samples that carry a gradient, and of those that a cost credits all the same."""
    graph = known.graph
    for place in uncredited_places(graph):
        for name in known.touched.places[place.operands[0]]:
            sample = graph.sample_by_name[name]
            if not _fixed(known, sample):
                problems.add(words.uncredited_path(place.span, sample))
    for cost, samples in uncredited(graph, known.flow, known.touched).items():
        both = sorted(samples & known.dependence.costs[cost].keys())
        if both:
            problems.add(words.credited_both_ways(graph.cost_by_name[cost], both))


def _fixed(known: Estimation, sample: Sample) -> bool:
    """Whether neither values nor weights of a sample carry a gradient."""
    opened = known.estimators[known.graph.sample_by_name[sample.plate].name]
    return all(
        e.carrier in ("score", "control") and not (e.weighted or e.enumerated or e.joint)
        for e in (known.estimators[sample.name], opened)
    )
