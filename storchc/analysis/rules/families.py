"""A method stands at a family that it is defined for, with the gradient that it needs."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import family_of, named_method
from storchc.analysis.estimators.suiting import has_path, is_traced, suits_family
from storchc.diagnostics import composed as composed_words
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems


def run(known: Estimation, problems: Problems) -> None:
    """Refuse a method at a family that it does not know, or that has no pathwise gradient."""
    for node in known.graph.samples:
        estimator = known.estimators[node.name]
        if family_of(node).point and estimator.carrier == "score":
            problems.add(composed_words.scored_point(node, estimator.span))
            continue
        entry, choice, family = named_method(node), node.method, family_of(node)
        if entry is None or choice is None:
            continue
        made = known.graph.construction(node.distribution)
        if not suits_family(entry, family):
            problems.add(words.wrong_family(entry, node, made, choice))
        elif made.type.declared is not None and not is_traced(entry, family):
            problems.add(words.not_traced(entry, node, made, choice, pathwise=family.pathwise))
        elif not has_path(entry, family):
            finite = family.finite is not None
            problems.add(words.not_reparameterizable(node, made, choice, finite=finite))
