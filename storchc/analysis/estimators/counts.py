"""How many elements the plate of a sample has, as the story states it."""

from __future__ import annotations

from collections.abc import Mapping

from storchc.catalogue import methods, samplers
from storchc.catalogue.method import MethodEntry, SamplerEntry
from storchc.ir.graph import Graph
from storchc.ir.nodes import Choice, Sample


def counts_of(graph: Graph) -> Mapping[str, int]:
    """The number of elements of every sample plate."""
    return {s.name: stated_count(s) for s in graph.samples if not s.joins}


def stated_count(node: Sample) -> int:
    """The number of elements of the plate that ``node`` opens."""
    if node.sampler is not None:
        return _elements(node.sampler, samplers.lookup(node.sampler.name))
    if node.method is not None:
        return _elements(node.method, methods.lookup(node.method.name))
    return 1


def _elements(choice: Choice, entry: MethodEntry | SamplerEntry | None) -> int:
    """What a method or sampler says of the number of its elements; 1 where that is not known."""
    if entry is None:
        count = choice.constants.get("n", 1)
        return count if isinstance(count, int) else 1
    defaults = {option.name: option.default for option in entry.options}
    parts = [
        part if isinstance(part, int) else choice.constants.get(part, defaults.get(part))
        for part in entry.elements
    ]
    return sum(part for part in parts if isinstance(part, int)) or 1
