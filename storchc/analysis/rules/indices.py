"""Indices: whose memory each element of the plates uses, where a method remembers something."""

from __future__ import annotations

from storchc.catalogue.method import MethodEntry
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Choice, Graph, Sample


def check_indices(
    graph: Graph, node: Sample, entry: MethodEntry, choice: Choice, problems: Problems
) -> None:
    """Refuse a method below data plates that is not told which element is which."""
    data = node.type.plates & graph.data_plates.keys()
    for option in entry.options:
        if option.name in entry.indices - choice.values.keys() and data:
            problems.add(words.no_index(node, entry, option, graph.order(data), choice.span))
