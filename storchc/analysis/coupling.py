"""Batch statistics below a score-function sample: rows that should be independent are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.dependence import Dependence
from storchc.analysis.methods import Estimator
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph
from storchc.ir.walk import expressions, walk
from storchc.syntax import tree

_COUPLING = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"})


def check_coupling(
    graph: Graph, dependent: Dependence, estimators: Mapping[str, Estimator], problems: Problems
) -> None:
    """Warn where a module that normalises over the batch follows a sample without a path."""
    for node in graph.nodes:
        for root in expressions(node):
            for call in (e for e in walk(root) if isinstance(e, CallUser)):
                _check_call(graph, call, dependent, estimators, problems)


def _check_call(
    graph: Graph,
    call: CallUser,
    dependent: Dependence,
    estimators: Mapping[str, Estimator],
    problems: Problems,
) -> None:
    default = graph.callees[call.callee].default
    layers = [] if default is None else [c for c in _calls(default) if _layer(c) in _COUPLING]
    if not layers:
        return
    for sample in dependent.expression(call):
        if estimators[sample].carrier in ("score", "control"):
            layer = layers[0]
            problems.add(
                words.coupled_rows(
                    call.callee, _layer(layer), sample, call.span, layer.function.span
                )
            )
            return


def _layer(call: tree.Call) -> str:
    return call.function.id.rpartition(".")[2]


def _calls(expression: tree.Expression) -> Iterator[tree.Call]:
    if isinstance(expression, tree.Call):
        yield expression
        for argument in (*expression.args, *(k.value for k in expression.keywords)):
            yield from _calls(argument)
    elif isinstance(expression, tree.ListOf):
        for item in expression.items:
            yield from _calls(item)
