"""What a sampler demands of the method, the family and the place that it stands at."""

from __future__ import annotations

from storchc.catalogue import methods, samplers
from storchc.catalogue.family import Family
from storchc.catalogue.method import MethodEntry, SamplingClass
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Construct
from storchc.ir.graph import Choice, Graph, Sample


def check_sampler(
    node: Sample,
    sampler: Choice,
    family: Family,
    made: Construct,
    entry: MethodEntry | None,
    problems: Problems,
) -> None:
    """``entry`` is that of the method, None where the compiler chooses it or the user wrote it."""
    chosen = samplers.lookup(sampler.name)
    assert chosen is not None
    if entry is not None and not entry.open_drawing:
        problems.add(words.draws_itself(entry, sampler))
        return
    if chosen.coupled and node.joins:
        problems.add(words.cannot_join_coupled(node, sampler.name, sampler.span))
    if "finite" in chosen.needs and family.finite is None and chosen.sampling != "enumerated":
        problems.add(words.infinite_to_draw(node, sampler, made))
    if "inverse" in chosen.needs and not family.inverse:
        problems.add(words.no_inverse(node, made, sampler))
    if sampler.name == "ImportanceSampling" and entry is not None and entry.carrier == "pathwise":
        problems.add(words.pathwise_importance(node, entry, sampler))


def drawn(graph: Graph, plate: str) -> SamplingClass:
    """How the elements of a sample plate depend on one another, as the story states it."""
    opener = next(s for s in graph.samples if s.name == plate)
    if opener.sampler is not None:
        sampler = samplers.lookup(opener.sampler.name)
        return "iid" if sampler is None else sampler.sampling
    method = methods.lookup(opener.method.name) if opener.method is not None else None
    return "iid" if method is None else method.sampling
