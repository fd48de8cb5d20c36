"""Types of values and points of a story as they are printed: ``[z, data, K, C]: int``, line 7."""

from __future__ import annotations

from storchc.ir.graph import Graph
from storchc.ir.types import DistributionType, ValueType
from storchc.source import Span


def write_type(graph: Graph, type_: ValueType | DistributionType) -> str:
    """Plates in the order of memory, event shape, dtype; of a distribution its family first."""
    if isinstance(type_, DistributionType):
        return f"{type_.family} over {write_type(graph, type_.sample)}"
    sizes = ", ".join([*graph.order(type_.plates), *map(str, type_.shape)])
    return f"[{sizes}]" + ("" if type_.dtype == "float" else f": {type_.dtype}")


def line_of(graph: Graph, span: Span) -> int:
    """The line of the story where something stands."""
    return graph.source.position(span.start).line
