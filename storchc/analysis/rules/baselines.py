"""A learned baseline has the plates of its sample at most, and something of its own to learn."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.ownership import learned, named, owned_by_methods
from storchc.diagnostics import credit as words
from storchc.diagnostics.diagnostic import Problems


def run(known: Estimation, problems: Problems) -> None:
    """Refuse baselines with plates of their own; warn of those that never learn."""
    graph, estimators = known.graph, known.estimators
    for sample in graph.samples:
        baseline = estimators[sample.name].values.get("baseline")
        more = frozenset[str]() if baseline is None else baseline.type.plates - sample.type.plates
        for plate in sorted(more):
            assert baseline is not None
            problems.add(words.baseline_plates(sample, plate, baseline.span))
    owned = owned_by_methods(graph, estimators)
    for sample in graph.samples:
        for value in learned(sample):
            if not named([value]) & owned:
                problems.add(words.idle_baseline(sample, value.span))
