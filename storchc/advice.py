"""Where every outcome costs less than the draws do, so that exactness is cheaper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.support import outcome_count
from storchc.catalogue import distributions
from storchc.driver import Result, check_story
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.size import product
from storchc.records import dataclass

EXACT = "Expect()"
_TRIED = 8
"""In how many places it is tried: each is one more check of the story."""


@dataclass(frozen=True, slots=True)
class Cheaper:
    """A sample whose ``outcomes`` are fewer than the ``draws`` that are evaluated."""

    sample: str
    line: int
    outcomes: int
    draws: int

    def __str__(self) -> str:
        return (
            f"{EXACT} is exact with {self.outcomes} evaluations of what is downstream of "
            f"`{self.sample}`; these draws take {self.draws}"
        )


def cheaper(name: str, data: bytes, result: Result) -> Iterator[Cheaper]:
    """The samples of a sound story where `Expect` is legal, and costs less than what stands there.

    ``result`` is what became of the story ``data``, called ``name``.
    """
    graph, estimation = result.graph, result.estimation
    assert graph is not None and estimation is not None
    before = len(result.diagnostics)
    worth = (node for node in graph.samples if _may_pay(graph, estimation, node))
    for node in islice(worth, _TRIED):
        exact = check_story(name, data, {node.name: EXACT})
        draws = estimation.estimators[node.name].count
        if exact.failed or len(exact.diagnostics) > before or exact.estimation is None:
            continue
        outcomes = exact.estimation.configurations(node)
        if outcomes is not None and outcomes < draws:
            line = graph.source.position(node.span.start).line
            yield Cheaper(node.name, line, outcomes, draws)


def _may_pay(graph: Graph, estimation: Estimation, node: Sample) -> bool:
    """Whether there are fewer outcomes than draws, were each coordinate summed over by itself."""
    made = graph.construction(node.distribution)
    finite = distributions.row(made.type).finite is not None
    plates = estimation.dependence.mixed.values()
    if any(node.plate in mixed for mixed in plates):
        return False  # with other draws a cost that joins them is another
    if not finite or node.joins or node.loops or node.name not in estimation.live.parameters:
        return False
    estimator, each, places = estimation.estimators[node.name], outcome_count(made), made.type.batch
    if estimator.enumerated or estimator.joint or each is None or node.name in estimation.distinct:
        return False
    coordinates = product(places).value
    return coordinates is not None and each * coordinates < estimator.count
