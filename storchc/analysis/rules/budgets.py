"""Whether what a method evaluates is within its budget: of factors apart, or of all together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from storchc.analysis.estimators.resolve import Estimator
from storchc.analysis.facts.support import support_size
from storchc.analysis.rewrite.chains import Elimination
from storchc.analysis.rewrite.separation import Separation
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Label, Problems
from storchc.ir.graph import Graph, Sample
from storchc.ir.index import construction

BUDGET = 10_000


def check_budgets(
    graph: Graph,
    estimators: Mapping[str, Estimator],
    separation: Separation,
    elimination: Elimination,
    problems: Problems,
) -> None:
    """Refuse what is larger than its budget, and say where the factors of a sample are joined."""
    for sample in graph.samples:
        entry = estimators[sample.name].entry
        if entry is not None and sample.sampler is not None:
            entry = replace(entry, name=sample.sampler.name)  # `using Enumerate`
        if sample.name in elimination.obstacles:
            continue  # its sequences were counted
        if entry is None or all(option.name != "budget" for option in entry.options):
            continue
        made, span = construction(graph, sample.distribution), estimators[sample.name].span
        size = configurations(graph, separation, elimination, sample)
        budget = estimators[sample.name].budget
        budget = BUDGET if budget is None else budget
        if size is None or size <= budget:
            continue
        chain = elimination.chains.get(sample.name)
        if chain is not None:
            told = size, budget, span, bool(chain.carried)
            problems.add(words.over_budget_step(sample, entry, made, *told))
        elif sample.name in separation.samples:
            problems.add(words.over_budget_apart(sample, entry, made, size, budget, span))
        else:
            join = separation.joins.get(sample.name)
            where = None if join is None else Label(join.span, join.words)
            problems.add(words.over_budget(sample, entry, made, size, budget, span, where))


def configurations(
    graph: Graph, separation: Separation, elimination: Elimination, sample: Sample
) -> int | None:
    """How many configurations of an enumerated sample are evaluated; None if not known now.

    Of one in a loop that is summed out step by step they are those of a step.
    """
    if sample.name in elimination.chains:
        return elimination.chains[sample.name].pairs
    separated = separation.samples.get(sample.name)
    if separated is not None:
        return separated.configurations
    return support_size(construction(graph, sample.distribution))
