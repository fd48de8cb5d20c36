"""Every path from a sample to a cost is differentiable, where a method goes that way."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import family_of, named_method
from storchc.analysis.estimators.suiting import has_path, suits_family
from storchc.analysis.facts.demands import Demand
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.ir.nodes import Compute, Loop, Sample


def run(known: Estimation, problems: Problems) -> None:
    """Refuse a method whose gradient does not come through, by the value or by its weights."""
    for node in known.graph.samples:
        _check_value(known, node, problems)
        _check_weights(known, node, problems)


def _check_value(known: Estimation, node: Sample, problems: Problems) -> None:
    entry, choice, demand = named_method(node), node.method, known.demands.of.get(node.name)
    if refused(known, node) and entry is not None and choice is not None and demand is not None:
        broken = _broken_in(known.graph, demand)
        problems.add(words.path_broken(node, entry, demand.breaks, *broken, choice))


def refused(known: Estimation, node: Sample) -> bool:
    """Whether the method of a sample goes a path that is broken."""
    entry, family = named_method(node), family_of(node)
    if entry is None or "smooth" not in entry.needs or not known.demands.of.get(node.name):
        return False
    return suits_family(entry, family) and has_path(entry, family)


def _check_weights(known: Estimation, node: Sample, problems: Problems) -> None:
    """Importance weights carry the gradient of their sample into a reduction over its plate."""
    if weights_refused(known, node) and node.sampler is not None:
        breaks = known.demands.weights[node.name].breaks
        problems.add(words.weights_broken(node, node.sampler, breaks))


def weights_refused(known: Estimation, node: Sample) -> bool:
    """Whether the weights of a sample go a path that is broken."""
    estimator, demand = known.estimators[node.name], known.demands.weights[node.name]
    return bool(demand) and estimator.weighted and not estimator.joint and node.sampler is not None


def _broken_in(graph: Graph, demand: Demand) -> tuple[tuple[str, ...], bool]:
    """The values in whose statements a path is broken, and whether one is in a `stop when`."""
    places = [b.span for b in demand.breaks]
    broken = [
        node.names[0] if isinstance(node, Compute) else node.name
        for node in graph.all_nodes
        if not isinstance(node, Loop)
        and any(node.span.start <= p.start and p.end <= node.span.end for p in places)
    ]
    stops = {loop.alive for loop in graph.loops}
    return tuple(n for n in broken if n not in stops), not stops.isdisjoint(broken)
