"""What a cost joins does not learn through a proposal."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.mixing import mixed_samples, reductions_of
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems


def run(known: Estimation, problems: Problems) -> None:
    """Warn where the value of a joined plate changes with a proposal that seems to learn."""
    graph, estimators = known.graph, known.estimators
    weighted = [s for s in graph.samples if estimators[s.name].weighted]
    mixed = mixed_samples(graph, known.dependence) if weighted else frozenset[str]()
    for sample in (s for s in weighted if s.name in mixed):
        proposals = estimators[sample.name].sampler_values.values()
        if sample.sampler is not None and any(known.live.places[v] for v in proposals):
            places = tuple(reductions_of(graph, sample.plate))
            problems.add(words.proposal_without_gradient(sample, sample.sampler.span, places))
