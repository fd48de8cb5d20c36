"""`Best`: which methods take its place, tried in the order of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice

from storchc.analysis.facts.dependence import Ancestors
from storchc.analysis.facts.support import outcome_count
from storchc.catalogue import distributions
from storchc.catalogue.ranking import DEFAULT_BUDGET, RANKED, RANKING, Rank
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.size import product
from storchc.profile import Profile
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
    graph: Graph,
    mixed: Ancestors,
    given: Mapping[str, str],
    profile: Profile | None,
    legal: Legal,
) -> dict[str, Taken]:
    """What takes the place of `Best`, sample by sample: the others keep what they have so far.

    ``mixed`` are the plates that costs reduce, ``given`` the methods that do not stand in the
    story. What a ``profile`` has measured goes before the catalogue. Where nothing is right but
    what `Best` does by itself, as `Infer`, a sample is left out.
    """
    taken: dict[str, Taken] = {}
    plates = frozenset[str]().union(*mixed.values())
    for node in asked(graph):
        so_far = {name: choice.method for name, choice in taken.items()}
        joined = node.plate in plates
        tried = chain(
            () if profile is None or joined else _measured(profile, node),
            ((r, t + _sampler(graph, node, given)) for r, t in _ranked(graph, node, joined)),
        )
        right = ((r, t) for r, t in tried if legal({**so_far, node.name: t}))
        for reason, text in islice(right, 1):
            second = next((t for _, t in right if t != text), "")
            taken[node.name] = Taken(text, reason, second)
    return taken


def _measured(profile: Profile, node: Sample) -> Iterator[tuple[str, str]]:
    """The methods that were measured at a sample, the least variance x time first."""
    rows = profile.of_sample(node.name)
    for row in rows:
        if not row.methods[node.name].startswith(f"{RANKED}("):
            how = f"variance x time {row.product:.3g} ms, by {profile.file}"
            yield f"{how}, of {len(rows)} that are not biased", row.methods[node.name]


def _ranked(graph: Graph, node: Sample, joined: bool) -> Iterator[tuple[str, str]]:
    """The methods of the catalogue, with why each stands where it does."""
    found = _of_size(node) if joined else _within_budget(graph, node)
    return ((rank.reason, text) for rank, text in found)


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
