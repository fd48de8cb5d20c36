"""A story pays something, and every sample has a part in what it pays."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.diagnostics import credit as words
from storchc.diagnostics.diagnostic import Problems


def run(known: Estimation, problems: Problems) -> None:
    """Warn of a story without costs, and of samples that nothing uses.

    A value that a cost uses behind `stop_gradient` is used, though it earns no credit.
    """
    graph = known.graph
    if not graph.costs:
        problems.add(words.no_cost(graph.name, graph.name_span))
        return
    for sample in reversed(graph.samples):
        if sample.name not in known.used:
            problems.add(words.reaches_no_cost(sample, sample.name_span))
