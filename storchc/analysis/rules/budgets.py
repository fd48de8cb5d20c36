"""What a method evaluates is within its budget: of factors apart, or of all together."""

from __future__ import annotations

from dataclasses import replace

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.support import BUDGET
from storchc.catalogue.method import MethodEntry
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Label, Problems
from storchc.ir.nodes import Sample
from storchc.ir.types import NO_PLATES


def run(known: Estimation, problems: Problems) -> None:
    """Refuse what is larger than its budget, and say where the factors of a sample are joined."""
    for sample in known.graph.samples:
        entry = known.estimators[sample.name].entry
        if entry is None or all(option.name != "budget" for option in entry.options):
            continue
        if sample.name in known.elimination.obstacles:
            continue  # its sequences were counted
        if sample.sampler is not None:
            entry = replace(entry, name=sample.sampler.name)  # `using Enumerate`
        budget, size = known.estimators[sample.name].budget, known.configurations(sample)
        budget = BUDGET if budget is None else budget
        if size is not None and size > budget:
            _refuse(known, sample, entry, (size, budget), problems)


def _refuse(
    known: Estimation,
    sample: Sample,
    entry: MethodEntry,
    numbers: tuple[int, int],
    problems: Problems,
) -> None:
    made = known.graph.construction(sample.distribution)
    told = *numbers, known.estimators[sample.name].span
    chain, joined = (
        known.elimination.chains.get(sample.name),
        known.separation.joins.get(sample.name),
    )
    mixed = sample.plate in known.touched.mixed.get(sample.name, NO_PLATES)
    if chain is not None:
        problems.add(words.over_budget_step(sample, entry, made, *told, bool(chain.carried), mixed))
    elif sample.name in known.separation.samples:
        problems.add(words.over_budget_apart(sample, entry, made, *told, mixed))
    else:
        where = None if joined is None else Label(joined.span, joined.words)
        problems.add(words.over_budget(sample, entry, made, *told, where, mixed))
