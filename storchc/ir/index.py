"""Finding what a name stands for."""

from __future__ import annotations

from storchc.ir.expression import Construct, Distribution, Named
from storchc.ir.graph import Compute, Graph


def construction(graph: Graph, distribution: Distribution) -> Construct:
    """The distribution as it was made, whatever names it went through."""
    while isinstance(distribution, Named):
        distribution = _defined(graph, distribution.name)
    return distribution


def _defined(graph: Graph, name: str) -> Distribution:
    for node in graph.all_nodes:
        if isinstance(node, Compute) and node.names == (name,):
            assert isinstance(node.value, Construct | Named)
            return node.value
    raise KeyError(name)
