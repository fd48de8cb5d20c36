"""A score or an importance weight is right only where the support stays where it is."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import family_of
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.nodes import Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse supports that move with what learns, and parameters that a method cannot learn."""
    for sample in known.graph.samples:
        if _has_score(known, sample):
            _check(known, sample, problems)


def _check(known: Estimation, sample: Sample, problems: Problems) -> None:
    family, made = family_of(sample), known.graph.construction(sample.distribution)
    entry, span = known.estimators[sample.name].entry, known.estimators[sample.name].span
    for name, value in made.parameters:
        fixed = entry is not None and (family.name, name) in entry.fixed
        moves = family.parameter(name).moves_support
        if not (fixed or moves) or not known.live.places[value]:
            continue
        place = name, known.graph.source.cut(value.span), span, value.span
        if moves:
            problems.add(
                words.moving_support(sample, family.name, *place, pathwise=family.pathwise)
            )
        elif entry is not None:
            problems.add(words.fixed_parameter(entry, family.name, *place))


def _has_score(known: Estimation, sample: Sample) -> bool:
    """Whether something is said of a score: it is the gradient, or left out as its mean is zero."""
    estimator = known.estimators[sample.name]
    if estimator.carrier != "pathwise":
        return True
    entry = estimator.entry
    return entry is not None and entry.stops_own_score and sample.name in known.graph.own_scores
