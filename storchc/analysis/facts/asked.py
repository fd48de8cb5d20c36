"""What a story asks of the distributions of the user's: the functions that they must have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.estimator import Estimator
from storchc.ir.expression import Construct, Distribution, Entropy, LogProb, Named
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample

_ORDER = ("sample", "rsample", "log_prob", "entropy")


def asked_of(graph: Graph, estimators: Mapping[str, Estimator], name: str) -> tuple[str, ...]:
    """The functions that the distribution ``name`` must have."""
    asked = set()
    for law, function in _asked(graph, estimators):
        made = graph.construction(law)
        if made.family == name and made.type.declared is not None:
            asked.add(function)
    return tuple(function for function in _ORDER if function in asked)


def _asked(graph: Graph, estimators: Mapping[str, Estimator]) -> Iterator[tuple[Distribution, str]]:
    for part in graph.parts:
        match part:
            case LogProb(law):
                yield law, "log_prob"
            case Entropy(law):
                yield law, "entropy"
    for node in graph.samples:
        for law, function in _drawn(node, estimators[node.name]):
            yield law, function
            yield law, "log_prob"


def _drawn(node: Sample, estimator: Estimator) -> Iterator[tuple[Distribution, str]]:
    proposal = estimator.sampler_values.get("proposal")
    entry = estimator.entry
    pathwise = entry is not None and "pathwise" in entry.needs
    if isinstance(proposal, Construct | Named):
        yield proposal, "sample"
    yield node.distribution, "rsample" if pathwise else "sample"
