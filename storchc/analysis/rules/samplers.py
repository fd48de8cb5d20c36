"""A sampler stands behind a method that leaves the drawing open, at a family that it can draw."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import family_of, named_method
from storchc.catalogue import samplers
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.ir.nodes import Choice, Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse samplers where they have no place."""
    for node in known.graph.samples:
        if node.sampler is not None:
            _check(known.graph, node, node.sampler, problems)


def _check(graph: Graph, node: Sample, sampler: Choice, problems: Problems) -> None:
    chosen, entry = samplers.lookup(sampler.name), named_method(node)
    assert chosen is not None
    if entry is not None and entry.samplers == "none":
        problems.add(words.draws_itself(entry, sampler))
        return
    family, made = family_of(node), graph.construction(node.distribution)
    if "finite" in chosen.needs and family.finite is None and not chosen.method:
        problems.add(words.infinite_to_draw(node, sampler, made))
    if "inverse" in chosen.needs and not family.inverse:
        problems.add(words.no_inverse(node, made, sampler))
    if chosen.proposal and entry is not None and entry.samplers == "own law":
        problems.add(words.pathwise_importance(node, entry, sampler))
