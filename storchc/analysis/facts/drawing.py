"""How the elements of a sample plate depend on one another, as the story states it."""

from __future__ import annotations

from storchc.catalogue import methods, samplers
from storchc.catalogue.sampling import IID, Sampling
from storchc.ir.graph import Graph


def drawn(graph: Graph, plate: str) -> Sampling:
    """The class of the draws along a sample plate; independent where nothing else is said."""
    opener = graph.sample_by_name[plate]
    if opener.sampler is not None:
        sampler = samplers.lookup(opener.sampler.name)
        return IID if sampler is None else sampler.sampling
    method = methods.lookup(opener.method.name) if opener.method is not None else None
    return IID if method is None else method.sampling
