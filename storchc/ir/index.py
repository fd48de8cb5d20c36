"""Finding what a name stands for."""

from __future__ import annotations

from storchc.ir.expression import Construct, Distribution, Named
from storchc.ir.graph import Graph


def construction(graph: Graph, distribution: Distribution) -> Construct:
    """The distribution as it was made, whatever names it went through."""
    while isinstance(distribution, Named):
        made = graph.compute_by_name[distribution.name].value
        assert isinstance(made, Construct | Named)
        distribution = made
    return distribution
