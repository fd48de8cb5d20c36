"""What evaluates every value of a sample stands at one with finitely many, known now."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import asked_method, family_of
from storchc.analysis.facts.support import free_dims, support_size
from storchc.catalogue.method import MethodEntry
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.nodes import Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse an infinite support, and one whose size is known at run time only."""
    for node in known.graph.samples:
        entry = asked_method(node)
        if entry is not None and "finite" in entry.needs:
            _check(known, node, entry, problems)


def _check(known: Estimation, node: Sample, entry: MethodEntry, problems: Problems) -> None:
    family, span = family_of(node), known.estimators[node.name].span
    made = known.graph.construction(node.distribution)
    if family.finite is None:
        pathwise = family.pathwise
        problems.add(words.infinite_support(node, entry, made, span, pathwise=pathwise))
        return
    budgeted = any(option.name == "budget" for option in entry.options)
    if budgeted and support_size(made) is None:
        dims = free_dims(known.graph, made)
        problems.add(words.unknown_support(node, entry, made, dims, span))
