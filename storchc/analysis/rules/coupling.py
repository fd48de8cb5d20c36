"""Modules below a score-function sample treat rows independently: no batch statistics."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.rows import below_scores, coupling
from storchc.diagnostics import critics as critic_words
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.ir.nodes import ModuleOption, Sample


def run(known: Estimation, problems: Problems) -> None:
    """Warn of modules that normalise over the batch, downstream of samples without a path."""
    graph = known.graph
    if all(coupling(callee) is None for callee in graph.callees.values()):
        return
    for call, sample in below_scores(graph, known.dependence, known.estimators):
        layer = coupling(graph.callees[call.callee])
        if layer is not None:
            problems.add(words.coupled_rows(call.callee, layer.name, sample, call.span, layer.span))
    for node in graph.samples:
        _check_critic(graph, node, problems)


def _check_critic(graph: Graph, node: Sample, problems: Problems) -> None:
    """The critic of a method of the catalogue is called with many values at once, too."""
    if node.method is None or node.method.name in graph.uses:
        return
    for option, given in node.method.constants.items():
        layer = coupling(graph.callees[given.name]) if isinstance(given, ModuleOption) else None
        if layer is not None:
            place = node.method.written[option].value
            problems.add(critic_words.coupled_critic(node, layer.name, place, layer.span))
