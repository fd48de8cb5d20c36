"""`distinct` saves calls where draws repeat and no gradient goes through what is called."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems


def run(known: Estimation, problems: Problems) -> None:
    """Warn where `distinct` saves nothing."""
    for sample in known.graph.samples:
        calls = known.distinct.get(sample.name)
        if calls is None or any(not v.obstacle for v in calls) or sample.sampler is None:
            continue
        places = tuple((v.call.span, v.obstacle) for v in calls)
        problems.add(words.nothing_distinct(sample, sample.sampler.span, places))
