"""Batch statistics below a score-function sample: rows that should be independent are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.estimators.resolve import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import CallUser
from storchc.ir.graph import Callee, Graph, ModuleOption, Sample
from storchc.ir.walk import expressions, walk
from storchc.syntax import tree

_COUPLING = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"})


def check_coupling(
    graph: Graph, dependent: Dependence, estimators: Mapping[str, Estimator], problems: Problems
) -> None:
    """Warn where a module that normalises over the batch follows a sample without a path."""
    for node in graph.all_nodes:
        for root in expressions(node):
            for call in (e for e in walk(root) if isinstance(e, CallUser)):
                _check_call(graph, call, dependent, estimators, problems)
    for sample in graph.samples:
        _check_critic(graph, sample, problems)


def _check_call(
    graph: Graph,
    call: CallUser,
    dependent: Dependence,
    estimators: Mapping[str, Estimator],
    problems: Problems,
) -> None:
    layer = _coupling(graph.callees[call.callee])
    if layer is None:
        return
    for sample in dependent.expression(call):
        if estimators[sample].carrier in ("score", "control"):
            problems.add(
                words.coupled_rows(
                    call.callee, _layer(layer), sample, call.span, layer.function.span
                )
            )
            return


def _check_critic(graph: Graph, node: Sample, problems: Problems) -> None:
    """The critic of a method of the catalogue is called with many values at once, too."""
    if node.method is None or node.raw_method is None or node.method.name in graph.uses:
        return
    for keyword in node.raw_method.keywords:
        given = node.method.constants.get(keyword.name.id)
        layer = _coupling(graph.callees[given.name]) if isinstance(given, ModuleOption) else None
        if layer is not None:
            critic, where = keyword.value.span, layer.function.span
            problems.add(words.coupled_critic(node, _layer(layer), critic, where))


def _coupling(callee: Callee) -> tree.Call | None:
    """The first layer of a module that joins the rows of a batch."""
    calls = () if callee.default is None else _calls(callee.default)
    return next((call for call in calls if _layer(call) in _COUPLING), None)


def layers_of(callee: Callee) -> Iterator[str]:
    """The names of the layers of a module's default: ``Linear``, ``BatchNorm1d``."""
    if callee.default is not None:
        yield from map(_layer, _calls(callee.default))


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
