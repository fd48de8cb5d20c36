"""What gradient a candidate is held to: the exact one, or a long run of an unbiased method."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.comparing.candidates import Candidate, Methods, checked_one
from storchc.ir.graph import Graph
from storchc.records import dataclass

EXACT = "Expect()"
DRAWS = {1: 10, 2: 3}
"""Draws that a long run takes of each sample, by how many samples there are; else 1."""


@dataclass(frozen=True, slots=True)
class Held:
    """A reference, and the names of the candidates that are held to it."""

    reference: Candidate
    names: tuple[str, ...]


def references(
    name: str, data: bytes, graph: Graph, candidates: list[Candidate]
) -> tuple[list[Held], tuple[str, ...]]:
    """A reference for each objective among the candidates, and notes.

    A cost that mixes the plate of a sample depends on how many elements that has: methods with
    other numbers of draws then estimate the gradients of other objectives.
    """
    objectives: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for candidate in candidates:
        objectives.setdefault(_objective(graph, candidate), []).append(candidate.name)
    held = []
    for objective, names in objectives.items():
        reference = _reference(name, data, graph, dict(objective))
        if reference is not None:
            held.append(Held(reference, tuple(names)))
    mixed = sorted({sample for objective in objectives for sample, _ in objective})
    if len(objectives) < 2:
        return held, ()
    return held, (
        f"A cost mixes the draws of {', '.join(mixed)}: with another number of them the objective "
        "is another one. Each method is held to the gradient of its own, and variances of "
        "different objectives do not compare.",
    )


def _objective(graph: Graph, candidate: Candidate) -> tuple[tuple[str, int], ...]:
    """How many draws of each sample a cost mixes; 0 are all of its outcomes."""
    known = candidate.result.estimation
    assert known is not None
    return tuple(
        (sample.name, _count(known, sample.name))
        for sample in graph.samples
        if not sample.joins and sample.name in known.dependence.mixed.get(sample.name, ())
    )


def _count(known: Estimation, sample: str) -> int:
    estimator = known.estimators[sample]
    return 0 if estimator.enumerated else estimator.count


def _reference(name: str, data: bytes, graph: Graph, objective: dict[str, int]) -> Candidate | None:
    for methods in _wanted(graph, objective):
        candidate = checked_one(name, data, methods, graph)
        if not candidate.result.failed:
            return candidate
    return None


def _wanted(graph: Graph, objective: dict[str, int]) -> Iterator[Methods]:
    """Methods from the most exact one; a failing check leads to the next."""
    free = [sample for sample in graph.samples if not objective.get(sample.name)]
    if free:
        yield {**_run(graph, objective, 1), **{sample.name: EXACT for sample in free}}
    draws = DRAWS.get(len(graph.samples), 1)
    for sample in free:
        yield {**_run(graph, objective, draws), sample.name: EXACT}
    yield _run(graph, objective, draws)
    yield _run(graph, objective, 1)


def _run(graph: Graph, objective: dict[str, int], draws: int) -> dict[str, str]:
    """`Infer` everywhere, which is never biased."""
    return {
        sample.name: "Infer()"
        if sample.joins
        else f"Infer(n={objective.get(sample.name) or draws})"
        for sample in graph.samples
    }
