"""Which params and modules only the methods' options use: theirs to train, not the model's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storchc.analysis.estimator import Estimator
from storchc.ir.expression import CallUser, Distribution, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import ModuleOption, Sample
from storchc.ir.walk import expressions, walk


def owned_by_methods(graph: Graph, estimators: Mapping[str, Estimator]) -> frozenset[str]:
    """The names of params and callees that stand in learned options and nowhere else."""
    options = [o for s in graph.samples for o in learned(s)]
    others = [e for node in graph.all_nodes for e in expressions(node) if e not in options]
    modules = {
        value.name
        for estimator in estimators.values()
        for value in estimator.constants.values()
        if isinstance(value, ModuleOption)
    }
    trainable = {p.name for p in graph.params} | graph.callees.keys()
    return frozenset(trainable & (named(options) | modules) - named(others))


def learned(node: Sample) -> list[Value | Distribution]:
    """The expressions that train themselves: learned baselines."""
    values = node.method.values if node.method else {}
    return [values["baseline"]] if "baseline" in values else []


def named(roots: Iterable[Value | Distribution]) -> set[str]:
    """The values that expressions read, and what they call."""
    parts = [part for root in roots for part in walk(root)]
    called = {part.callee for part in parts if isinstance(part, CallUser)}
    return called | {part.name for part in parts if isinstance(part, Reference)}
