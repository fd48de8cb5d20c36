"""Whether the weights of a mixture learn: then its pathwise gradient is right, and of no use.

The implicit derivative of a value by a weight is the share between two components divided by the
density there. Where components lie apart that is large, and seldom drawn (LOSS.md §13).
"""

from __future__ import annotations

from storchc.catalogue import functions
from storchc.catalogue.distributions.composed import MIXING
from storchc.ir.expression import Apply, CallUser, Distribution, Named, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.walk import children


def weights_learn(graph: Graph, distribution: Distribution) -> bool:
    """Whether weights of a mixture are made of anything but data and numbers."""
    made = graph.construction(distribution)
    seen: set[str] = set()
    return any(
        _learns(graph, value, seen)
        for name, value in made.parameters
        if f".{MIXING}." in f".{name}"
    )


def _learns(graph: Graph, value: Value | Distribution, seen: set[str]) -> bool:
    match value:
        case Reference(name) | Named(name):
            if name in seen or name in graph.input_by_name:
                return False
            seen.add(name)
            node = graph.compute_by_name.get(name)
            return node is None or _learns(graph, node.value, seen)
        case Apply(function) if functions.row(function).cut:
            return False
        case CallUser():
            return True
        case _:
            return any(_learns(graph, part, seen) for part in children(value))
