"""`Best`: which methods take its place, tried in the order of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from storchc.analysis.facts.dependence import Ancestors
from storchc.analysis.facts.support import outcome_count
from storchc.catalogue import distributions
from storchc.catalogue.ranking import DEFAULT_BUDGET, RANKED, RANKING, Rank
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.size import product
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """The method that was taken at a sample, as a story writes it; ``second`` comes next."""

    method: str
    reason: str
    second: str


Legal = Callable[[Mapping[str, str]], bool]
"""Whether the story has nothing to say against methods, given by the names of their samples."""


def asked(graph: Graph) -> Iterator[Sample]:
    """The samples at which the story leaves the choice to `Best`."""
    for node in graph.samples:
        if node.method is not None and node.method.name == RANKED:
            yield node


def choose(
    graph: Graph, mixed: Ancestors, given: Mapping[str, str], legal: Legal
) -> dict[str, Taken]:
    """What takes the place of `Best`, sample by sample: the others keep what they have so far.

    ``mixed`` are the plates that costs reduce, ``given`` the methods that do not stand in the
    story. Where nothing is right but what `Best` does by itself, as `Infer`, a sample is left out.
    """
    taken: dict[str, Taken] = {}
    plates = frozenset[str]().union(*mixed.values())
    for node in asked(graph):
        so_far = {name: choice.method for name, choice in taken.items()}
        sampler = _sampler(graph, node, given)
        found = _of_size(node) if node.plate in plates else _within_budget(graph, node)
        tried = ((rank, text + sampler) for rank, text in found)
        right = ((r, text) for r, text in tried if legal({**so_far, node.name: text}))
        for rank, text in islice(right, 1):
            taken[node.name] = Taken(text, rank.reason, next((t for _, t in right), ""))
    return taken


def _of_size(node: Sample) -> Iterator[tuple[Rank, str]]:
    """The methods with as many draws as the budget: a cost over them is another with others."""
    for rank in RANKING:
        if rank.plain and _budget(node) >= rank.least:
            yield rank, _written(rank, node, _budget(node))


def _sampler(graph: Graph, node: Sample, given: Mapping[str, str]) -> str:
    """``using …`` as it is written at the sample, or beside the method that was given for it."""
    if node.sampler is None:
        return ""
    if node.name in given:
        return " using " + given[node.name].split(" using ", 1)[1]
    return f" using {graph.source.cut(node.sampler.span)}"


def _within_budget(graph: Graph, node: Sample) -> Iterator[tuple[Rank, str]]:
    """The methods that the budget buys, the least variance first, as a story writes them."""
    coordinates, outcomes = _sizes(graph, node)
    for rank in RANKING:
        count = rank.bought(_budget(node), coordinates, outcomes)
        if count:
            yield rank, _written(rank, node, count)


def _budget(node: Sample) -> int:
    assert node.method is not None
    budget = node.method.constants.get("budget", DEFAULT_BUDGET)
    assert isinstance(budget, int)
    return budget


def _sizes(graph: Graph, node: Sample) -> tuple[int | None, int | None]:
    """The coordinates of a value, and the outcomes of one; None where a call decides."""
    made = graph.construction(node.distribution)
    finite = distributions.row(made.type).finite is not None
    shape = made.type.batch if finite else made.type.batch + made.type.event
    return product(shape).value, outcome_count(made) if finite else None


def _written(rank: Rank, node: Sample, count: int) -> str:
    """The method with all that it needs; how many are drawn is said by who opened the plate."""
    counted = rank.count == "budget" or not (node.joins or node.sampler)
    options = [f"{rank.count}={count}"] if counted else []
    options += [rank.options] if rank.options else []
    return f"{rank.method}({', '.join(options)})"
