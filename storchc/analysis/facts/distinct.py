"""Which calls are made once for each distinct row, where a sampler says `distinct`.

Draws with replacement repeat. A call whose arguments depend on such draws, and through which no
gradient goes, gives equal results for equal rows: they are computed once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.dataflow import Flow
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.liveness import Liveness, liveness
from storchc.catalogue import distributions
from storchc.ir.defaults import layers
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.records import dataclass

_APART = ("BatchNorm", "SyncBatchNorm", "InstanceNorm", "Dropout", "AlphaDropout", "RReLU")
"""Layers for which equal rows are not alike: their batch matters, or they draw by themselves."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A call that depends on a sample; ``obstacle`` says why it is made for every row, if it is."""

    call: CallUser
    obstacle: str


def verdicts(
    graph: Graph, flow: Flow, touched: Dependence, estimators: Mapping[str, Estimator]
) -> Mapping[str, tuple[Verdict, ...]]:
    """The calls below every sample that is drawn with `distinct`; ``touched`` sees behind cuts."""
    asking = {s.name: _repeats(s) for s in graph.samples if estimators[s.name].distinct}
    if not asking:
        return {}
    live = liveness(graph, flow, estimators, frozenset(p.name for p in graph.params))
    found: dict[str, list[Verdict]] = {name: [] for name in asking}
    for call in _calls(graph):
        below = touched.places[call]
        for name, never in asking.items():
            if name in below:
                found[name].append(Verdict(call, never or _obstacle(graph, call, live)))
    return {name: tuple(calls) for name, calls in found.items()}


def _repeats(sample: Sample) -> str:
    """Why draws never repeat, or nothing where they may."""
    family = distributions.row(sample.distribution.type)
    if family is None or family.discrete:
        return ""
    return f"draws of a `{family.name}` do not repeat"


def _calls(graph: Graph) -> Iterator[CallUser]:
    return (part for part in graph.parts if isinstance(part, CallUser))


def _obstacle(graph: Graph, call: CallUser, live: Liveness) -> str:
    callee = graph.callees[call.callee]
    if "stateful" in callee.flags:
        return f"`{callee.name}` is stateful: it sees every element"
    if not callee.folds:
        return f"`{callee.name}` is not `batched`"
    for layer in layers(callee.default):
        if layer.name.startswith(_APART):
            return f"`nn.{layer.name}` in `{callee.name}` does not treat equal rows alike"
    flat = [v for a in call.arguments for v in (a if isinstance(a, tuple) else (a,))]
    if "nondiff" not in callee.flags and any(live.places[v] for v in flat):
        return f"a gradient goes through the arguments of `{callee.name}`"
    return ""
