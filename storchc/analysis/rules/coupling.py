"""Modules below a score-function sample treat rows independently: no batch statistics."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.layers import coupling_layer, layer_name
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph, ModuleOption, Sample
from storchc.ir.walk import expressions, walk


def run(known: Estimation, problems: Problems) -> None:
    """Warn where a module that normalises over the batch follows a sample without a path."""
    graph = known.graph
    if all(coupling_layer(callee) is None for callee in graph.callees.values()):
        return
    for node in graph.all_nodes:
        for root in expressions(node):
            for call in (e for e in walk(root) if isinstance(e, CallUser)):
                _check_call(known, call, problems)
    for sample in graph.samples:
        _check_critic(graph, sample, problems)


def _check_call(known: Estimation, call: CallUser, problems: Problems) -> None:
    layer = coupling_layer(known.graph.callees[call.callee])
    if layer is None:
        return
    for sample in known.dependence.places[call]:
        if known.estimators[sample].carrier in ("score", "control"):
            name, where = layer_name(layer), layer.function.span
            problems.add(words.coupled_rows(call.callee, name, sample, call.span, where))
            return


def _check_critic(graph: Graph, node: Sample, problems: Problems) -> None:
    """The critic of a method of the catalogue is called with many values at once, too."""
    if node.method is None or node.raw_method is None or node.method.name in graph.uses:
        return
    for keyword in node.raw_method.keywords:
        given = node.method.constants.get(keyword.name.id)
        layer = (
            coupling_layer(graph.callees[given.name]) if isinstance(given, ModuleOption) else None
        )
        if layer is not None:
            place, where = keyword.value.span, layer.function.span
            problems.add(words.coupled_critic(node, layer_name(layer), place, where))
