"""Costs join the draws of a multi-sample method in the one form that it knows."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.joins import lone, uneven
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.nodes import Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse draws that do not weigh alike, a single one, and other forms than `logmeanexp`."""
    for node in known.graph.samples:
        entry = known.estimators[node.name].entry
        if entry is not None and "logmeanexp" in entry.needs:
            _check(known, node, problems)


def _check(known: Estimation, node: Sample, problems: Problems) -> None:
    graph, estimators, estimator = known.graph, known.estimators, known.estimators[node.name]
    entry, span = estimator.entry, estimator.span
    assert entry is not None
    other, bend = uneven(graph, node, estimators), known.joined.bends.get(node.name)
    if other is not None:
        problems.add(words.uneven_draws(node, entry, span, other))
    elif lone(node, estimators):
        opener = graph.sample_by_name[node.plate]
        problems.add(words.lone_join(node, entry, span, opener.name_span))
    elif bend is not None:
        problems.add(words.joined_otherwise(node, entry, span, bend.span, bend.reason))
