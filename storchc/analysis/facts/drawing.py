"""How the elements of a sample plate depend on one another, as the story states it."""

from __future__ import annotations

from storchc.catalogue import methods, samplers
from storchc.catalogue.method import SamplingClass
from storchc.ir.graph import Graph


def drawn(graph: Graph, plate: str) -> SamplingClass:
    """The class of the draws along a sample plate; independent where nothing else is said."""
    opener = graph.sample_by_name[plate]
    if opener.sampler is not None:
        sampler = samplers.lookup(opener.sampler.name)
        return "iid" if sampler is None else sampler.sampling
    method = methods.lookup(opener.method.name) if opener.method is not None else None
    return "iid" if method is None else method.sampling
