"""Nothing is reduced before a plate whose weights differ along it (LOSS.md §3)."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.diagnostics import credit as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import OverPlates
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse what no weighting makes right."""
    carrying = [s for s in known.graph.samples if _carries(known.estimators[s.name])]
    for reduction in _reductions(known.graph) if carrying else ():
        _check(reduction, carrying, problems)


def _reductions(graph: Graph) -> Iterator[OverPlates]:
    return (part for part in graph.parts if isinstance(part, OverPlates))


def _check(reduction: OverPlates, carrying: list[Sample], problems: Problems) -> None:
    left = reduction.value.type.plates - frozenset(reduction.plates)
    for sample in (s for s in carrying if s.plate in left):
        carried = sample.type.plates - {sample.plate}
        clash = tuple(p for p in reduction.plates if p in carried)
        if clash:
            function, place = reduction.function, sample.name_span
            problems.add(
                words.reduced_too_early(clash, sample.plate, function, reduction.span, place)
            )


def _carries(estimator: Estimator) -> bool:
    """Whether nothing can be reduced before its weights; those of independent draws multiply."""
    weighs = estimator.enumerated or estimator.weighted
    return weighs and not estimator.sampling.mixes_others
