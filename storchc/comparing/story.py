"""Compares the methods of a story: from its bytes to what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path

from storchc.building import CannotBuild, Make
from storchc.comparing import candidates as found
from storchc.comparing.candidates import Candidate, Methods
from storchc.comparing.models import load_state, make_models
from storchc.comparing.references import references
from storchc.driver import Result
from storchc.ir.graph import Graph
from storchc.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from storch_runtime.comparison.contest import Progress
    from storch_runtime.comparison.result import Comparison, Row

ALL = "all"
"""Asks for every legal method."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare, and how long.

    ``methods``: those listed, ``"all"`` legal ones, or None: a handful. Estimates are at most
    ``repeats`` of each, for at most ``budget`` seconds. ``stop`` is asked after each whether to
    end, ``listen`` hears how far it is. Each of ``states`` is a checkpoint, compared by itself.
    """

    methods: Sequence[Methods] | str | None = None
    repeats: int = 1000
    budget: float | None = None
    seed: int = 0
    states: Sequence[Path] = ()
    listen: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None


def chosen(name: str, data: bytes, graph: Graph, asked: Asked) -> list[Candidate]:
    """The candidates; of listed ones those too that the compiler refuses.

    CannotBuild where there is nothing to compare.
    """
    if not graph.samples:
        raise CannotBuild("the story draws no sample: its gradient has no variance, nor a method")
    if asked.methods is None:
        return found.legal(name, data, found.handful(graph), graph)
    if isinstance(asked.methods, str):
        return found.legal(name, data, found.every(graph), graph)
    return [found.checked_one(name, data, methods, graph) for methods in asked.methods]


def compared(
    name: str,
    data: bytes,
    graph: Graph,
    candidates: list[Candidate],
    inputs: Any,
    make: Make | None,
    asked: Asked,
) -> list[Comparison]:
    """A comparison for each state, or the one at the weights that the models begin with.

    CannotBuild where models cannot be made. After a stop the rest is left out.
    """
    from storch_runtime.comparison.compare import Reference, held_to

    held, notes = references(name, data, graph, candidates)
    models = make_models(
        name, data, _each_once(candidates, [h.reference for h in held]), make, asked.seed
    )
    truths = [
        Reference(h.reference.name, models[h.reference.name], frozenset(h.names)) for h in held
    ]
    shown = {candidate.name: models[candidate.name] for candidate in candidates}
    evaluations = {c.name: _evaluations(c.result) for c in candidates}
    results = []
    for state in asked.states or (None,):
        if state is not None:
            load_state(models, state)
        result = held_to(
            truths,
            shown,
            inputs,
            repeats=asked.repeats,
            budget=asked.budget,
            seed=asked.seed,
            listen=asked.listen,
            stop=asked.stop,
            notes=notes,
            admitted=frozenset(c.name for c in candidates if _is_biased(c.result)),
        )
        rows = tuple(_counted(row, evaluations[row.name]) for row in result.rows)
        results.append(replace(result, rows=rows))
        if asked.stop is not None and asked.stop():
            break
    return results


def _is_biased(result: Result) -> bool:
    """Whether the catalogue says so of one of its methods."""
    return result.estimation is not None and bool(result.estimation.biases)


def _each_once(candidates: list[Candidate], others: list[Candidate]) -> list[Candidate]:
    return list({candidate.name: candidate for candidate in [*candidates, *others]}.values())


def _counted(row: Row, evaluations: int | None) -> Row:
    return row if evaluations is None else replace(row, evaluations=evaluations)


def _evaluations(result: Result) -> int | None:
    """How often costs are evaluated where outcomes are summed apart, which no estimate tells."""
    graph, known = result.graph, result.estimation
    assert graph is not None and known is not None
    chains = known.elimination.chains
    if not (chains or known.separation.samples):
        return None

    def size(plate: str) -> int:
        sample = graph.sample_by_name[plate]
        if plate in chains:
            return chains[plate].pairs * (chains[plate].steps or 1)
        if known.estimators[plate].enumerated:
            return known.configurations(sample) or 1
        return known.estimators[plate].count

    plates = [
        [p for p in graph.sample_plates if p in cost.value.type.plates] for cost in graph.costs
    ]
    return max(prod(map(size, named)) for named in plates)


def alternatives(graph: Graph, methods: Mapping[str, Sequence[str]]) -> list[Methods]:
    """The cross product of the alternatives that each sample is given."""
    return list(found.asked(graph, methods))
