"""A method that remembers something for each element is told which element is which."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import named_method
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems


def run(known: Estimation, problems: Problems) -> None:
    """Refuse a method below data plates that is not told which element is which."""
    graph = known.graph
    for node in graph.samples:
        entry, choice = named_method(node), node.method
        data = frozenset(plate for plate in graph.data_plates if plate in node.type.plates)
        if entry is None or choice is None or not data:
            continue
        for option in entry.options:
            if option.name in entry.indices - choice.values.keys():
                problems.add(words.no_index(node, entry, option, graph.order(data), choice.span))
