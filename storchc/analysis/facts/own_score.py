"""The log-probability of a draw under the distribution that it was drawn from, where a cost has it.

Sticking-the-landing methods stop the parameters in it: the gradient that they leave out is a score,
whose expectation is zero wherever the log-probability enters a cost affinely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from storchc.analysis.dataflow import Flow
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.affine import Affine, NotAffineError, Slope
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.made_of import made_of
from storchc.catalogue import functions
from storchc.diagnostics.suggest import listed
from storchc.ir.expression import Distribution, LogProb, OverPlates, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample

Estimators = Mapping[str, Estimator]


def own_log_prob(graph: Graph, value: Value | Distribution) -> str | None:
    """The sample ``z`` of which ``value`` is ``log_prob(q, z)``, drawn from that same ``q``."""
    sample = graph.scored(value) if isinstance(value, LogProb) else None
    return None if sample is None else sample.name


def slope_of_own_score(
    graph: Graph,
    flow: Flow,
    touched: Dependence,
    node: Sample,
    value: Value,
    linear: Callable[[OverPlates], bool] = lambda value: False,
) -> Slope:
    """The slope of ``value`` in the log-probability of ``node``; raises where it is not affine."""

    def part(value: Value) -> bool:
        return own_log_prob(graph, value) == node.name

    made = made_of(flow, part)

    def holds(value: Value) -> bool:
        return made[value]

    def fixed(value: Value) -> bool:
        return node.name not in touched.places[value]

    name = f"the `log_prob` of `{node.name}`"
    return Affine(graph, part, holds, fixed, name, "a factor", linear).slope(value)


def biases(graph: Graph, flow: Flow, touched: Dependence, estimators: Estimators) -> dict[str, str]:
    """Why the gradient of each sample with a biased method is biased in this story."""
    found = {}
    for node in graph.samples:
        estimator = estimators[node.name]
        entry = estimator.entry
        if entry is None or estimator.unbiased:
            continue
        if estimator.sampler is not None and estimator.sampling.exact == "no":
            found[node.name] = (
                f"{estimator.sampler.name} is biased: it leaves out every value but those it takes"
            )
        elif estimator.biased_path:
            family = node.distribution.type.family
            found[node.name] = f"the pathwise gradient of {family} is biased"
        elif entry.stops_own_score:
            bend = _bend(graph, flow, touched, node, estimators)
            if bend:
                found[node.name] = f"{entry.name} is biased here: {bend}"
        else:
            options = listed(sorted(entry.biased_if & estimator.constants.keys()))
            named = f"{entry.name} with {options}" if entry.unbiased else entry.name
            found[node.name] = (
                f"{named} is biased: it follows the gradient of another objective than the story's"
            )
    return found


def _bend(
    graph: Graph, flow: Flow, touched: Dependence, node: Sample, estimators: Estimators
) -> str:
    """Where the log-probability of a draw enters a cost other than affinely, in words."""

    def linear(value: OverPlates) -> bool:
        within = [s for plate in value.plates for s in graph.along(plate)]
        even = all(estimators[s.name].even for s in within)
        return functions.linear_over(value) and even

    for cost in graph.costs:
        try:
            slope_of_own_score(graph, flow, touched, node, cost.value, linear)
        except NotAffineError as bend:
            line = graph.source.position(bend.span.start).line
            return f"on line {line} {bend.reason}; `DReG` is unbiased inside a `logmeanexp`"
    return ""
