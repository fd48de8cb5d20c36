"""Modules whose rows must be independent of each other: those below samples that are scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.ir.defaults import Layer, layers
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, ModuleOption

_COUPLING = frozenset({"BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"})


Estimators = Mapping[str, Estimator]


def below_scores(
    graph: Graph, dependence: Dependence, estimators: Estimators
) -> Iterator[tuple[CallUser, str]]:
    """The calls of modules downstream of a sample without a path, each with that sample."""
    for call in (part for part in graph.parts if isinstance(part, CallUser)):
        if graph.callees[call.callee].kind == "module":
            for sample in dependence.places[call]:
                if estimators[sample].carrier in ("score", "control"):
                    yield call, sample
                    break


def row_wise(graph: Graph, dependence: Dependence, estimators: Estimators) -> Mapping[str, str]:
    """The modules whose rows must be independent, each with a sample because of which.

    Of a default that couples them it has been said when the story was compiled.
    """
    found = {
        value.name: sample
        for sample, estimator in estimators.items()
        for value in estimator.constants.values()
        if isinstance(value, ModuleOption) and estimator.entry is not None
    }
    found |= {call.callee: sample for call, sample in below_scores(graph, dependence, estimators)}
    callees = graph.callees
    return {n: found[n] for n in callees if n in found and coupling(callees[n]) is None}


def coupling(callee: Callee) -> Layer | None:
    """The first layer of a module's default that joins the rows of a batch."""
    return next((layer for layer in layers(callee.default) if layer.name in _COUPLING), None)
