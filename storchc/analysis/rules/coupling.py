"""Modules below a score-function sample treat rows independently: no batch statistics."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.defaults import Layer, layers
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, ModuleOption, Sample
from storchc.ir.walk import expressions, walk

_COUPLING = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"})


def run(known: Estimation, problems: Problems) -> None:
    """Warn where a module that normalises over the batch follows a sample without a path."""
    graph = known.graph
    if all(_coupling(callee) is None for callee in graph.callees.values()):
        return
    for node in graph.all_nodes:
        for root in expressions(node):
            for call in (e for e in walk(root) if isinstance(e, CallUser)):
                _check_call(known, call, problems)
    for sample in graph.samples:
        _check_critic(graph, sample, problems)


def _check_call(known: Estimation, call: CallUser, problems: Problems) -> None:
    layer = _coupling(known.graph.callees[call.callee])
    if layer is None:
        return
    for sample in known.dependence.places[call]:
        if known.estimators[sample].carrier in ("score", "control"):
            problems.add(words.coupled_rows(call.callee, layer.name, sample, call.span, layer.span))
            return


def _check_critic(graph: Graph, node: Sample, problems: Problems) -> None:
    """The critic of a method of the catalogue is called with many values at once, too."""
    if node.method is None or node.method.name in graph.uses:
        return
    for option, given in node.method.constants.items():
        layer = _coupling(graph.callees[given.name]) if isinstance(given, ModuleOption) else None
        if layer is not None:
            place = node.method.written[option].value
            problems.add(words.coupled_critic(node, layer.name, place, layer.span))


def _coupling(callee: Callee) -> Layer | None:
    """The first layer of a module that joins the rows of a batch."""
    return next((layer for layer in layers(callee.default) if layer.name in _COUPLING), None)
