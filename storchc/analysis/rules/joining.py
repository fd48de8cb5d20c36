"""What draws the elements of a plate together, or all of them, opens that plate."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import asked_method, named_method
from storchc.catalogue import samplers
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.nodes import Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse `in` a plate for methods and samplers that need one of their own."""
    for node in known.graph.samples:
        if node.joins:
            _check(known, node, problems)


def _check(known: Estimation, node: Sample, problems: Problems) -> None:
    entry, span = asked_method(node), known.estimators[node.name].span
    if entry is not None and entry.in_plates == "no":
        told = words.cannot_join_coupled if entry.coupled else words.cannot_join
        problems.add(told(node, entry, span))
    named = named_method(node)
    sampler = None if node.sampler is None else samplers.lookup(node.sampler.name)
    if sampler is None or node.sampler is None or (named is not None and named.samplers == "none"):
        return
    if sampler.in_plates == "no" and not sampler.method:
        problems.add(words.cannot_join_coupled(node, sampler, node.sampler.span))
