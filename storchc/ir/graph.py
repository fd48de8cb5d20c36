"""The typed graph of a story: what every stage after ``typing`` reads.

Nodes stand in story order. Analyses do not change the graph; they are results of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storchc.ir.index import Index
from storchc.ir.nodes import Callee, DataPlate, Dim, Input, Node, Param, Use
from storchc.ir.types import DistributionType, ValueType
from storchc.source import Source, Span


@dataclass(frozen=True)
class Graph(Index):
    """A checked story, with the tables of its nodes.

    ``sample_plates`` are in the order of opening; ``types`` maps every value and distribution of
    the story to its type; ``loop_names`` are in story order; ``sequenced`` are the names of which
    every step of a loop is looked at.
    """

    name: str
    name_span: Span
    doc: str | None
    source: Source
    dims: Mapping[str, Dim]
    data_plates: Mapping[str, DataPlate]
    inputs: tuple[Input, ...]
    params: tuple[Param, ...]
    callees: Mapping[str, Callee]
    uses: Mapping[str, Use]
    nodes: tuple[Node, ...]
    sample_plates: tuple[str, ...]
    types: Mapping[str, ValueType | DistributionType]
    loop_names: tuple[str, ...] = ()
    sequenced: frozenset[str] = frozenset()
