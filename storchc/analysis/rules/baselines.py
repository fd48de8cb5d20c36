"""A learned baseline has the plates of its sample at most."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.diagnostics import credit as words
from storchc.diagnostics.diagnostic import Problems


def run(known: Estimation, problems: Problems) -> None:
    """Refuse baselines with plates of their own."""
    for sample in known.graph.samples:
        baseline = known.estimators[sample.name].values.get("baseline")
        more = frozenset[str]() if baseline is None else baseline.type.plates - sample.type.plates
        for plate in sorted(more):
            assert baseline is not None
            problems.add(words.baseline_plates(sample, plate, baseline.span))
