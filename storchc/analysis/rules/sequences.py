"""Whole sequences of an enumerated sample are listed within its budget (LOSS.md §6)."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.support import BUDGET
from storchc.diagnostics import loops as words
from storchc.diagnostics.diagnostic import Label, Problems
from storchc.ir.nodes import Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse enumerated samples of loops that are neither summed out nor listed."""
    for sample in known.graph.samples:
        if sample.name in known.elimination.obstacles:
            _check(known, sample, problems)


def _check(known: Estimation, sample: Sample, problems: Problems) -> None:
    estimator, name = known.estimators[sample.name], sample.name
    obstacle, listing = known.elimination.obstacles[name], known.listing
    label = Label(obstacle.span, obstacle.words)
    if name in listing.unknown:
        told = name, listing.unknown[name].bound, estimator.span
        problems.add(words.unknown_sequences(*told, label, obstacle.way))
    elif name in listing.hindered:
        other = listing.hindered[name]
        drawer = estimator.name if sample.sampler is None else sample.sampler.name
        place = Label(other.span, other.words)
        problems.add(words.whole_sequences(name, drawer, estimator.span, place, other.way))
    else:
        count = listing.of[name].count
        most = BUDGET if estimator.budget is None else estimator.budget
        if count > most:
            told_size = name, count, most, estimator.span
            problems.add(words.many_sequences(*told_size, label, obstacle.way))
