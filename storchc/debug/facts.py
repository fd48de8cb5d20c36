"""The facts of the passes, each in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from storchc.analysis.estimator import Estimator
from storchc.analysis.estimators.resolve import Estimators
from storchc.analysis.facts.affine import Product, Slope
from storchc.analysis.facts.demands import Demand
from storchc.analysis.facts.distinct import Verdict
from storchc.analysis.facts.joins import Joins
from storchc.analysis.facts.liveness import Liveness
from storchc.analysis.facts.ownership import Ownership
from storchc.analysis.facts.ranges import Ranges
from storchc.analysis.facts.uncredited import Uncredited
from storchc.debug.expressions import call, write
from storchc.debug.graph import options
from storchc.debug.places import Known, show_known
from storchc.debug.types import line_of
from storchc.ir.expression import Distribution, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.ranges import ANYTHING, Range


def show_used(graph: Graph, found: frozenset[str]) -> Iterator[str]:
    """The names that matter, and those that do not, in the order of the alphabet."""
    yield f"used: {', '.join(sorted(found)) or 'none'}"
    yield f"not used: {', '.join(sorted(graph.types.keys() - found)) or 'none'}"


def show_ownership(graph: Graph, found: Ownership) -> Iterator[str]:
    """What each method trains, and what its option is made of that the model trains."""
    for sample in (s.name for s in graph.samples if s.name in found.trained):
        trained, held = (sorted(of[sample]) for of in (found.trained, found.held))
        yield f"{sample} trains: {', '.join(trained) or 'nothing'}"
        yield f"{sample} holds: {', '.join(held) or 'nothing'}"
    yield f"for methods alone: {', '.join(sorted(found.owned)) or 'nothing'}"


# --- estimators ----------------------------------------------------------------------------------


def show_estimators(graph: Graph, found: Estimators) -> Iterator[str]:
    """The estimator of each sample, why it stands there, and what the costs ask of the sample."""
    for sample in graph.samples:
        name, estimator = sample.name, found.of[sample.name]
        yield f"{line_of(graph, sample.span):>4}  sample {name}: {_estimator(estimator)}"
        order = "any order" if estimator.order is None else f"order {estimator.order}"
        budget = "" if estimator.budget is None else f", budget {estimator.budget}"
        size = f"{estimator.count} element{'s' * (estimator.count != 1)}"
        yield f"        carrier {estimator.carrier}, {size}{budget}, {order}"
        yield f"        why: {estimator.why}"
        asked = found.demands.of.get(name)
        yield f"        asked of it: {_demand(graph, asked)}"
        if weights := found.demands.weights[name]:
            yield f"        asked of the weights of its plate: {_demand(graph, weights)}"


def _estimator(estimator: Estimator) -> str:
    made = call(estimator.name, *options(estimator.constants), *options(estimator.values))
    if estimator.sampler is None:
        return made
    given = *options(estimator.sampler_constants), *options(estimator.sampler_values)
    return f"{made} using {call(estimator.sampler.name, *given)}"


def _demand(graph: Graph, demand: Demand | None) -> str:
    if demand is None:
        return "nothing"
    broken = [f"{b.reason} (line {line_of(graph, b.span)})" for b in demand.breaks]
    return "; ".join(broken) or "every path is differentiable"


# --- ranges ---------------------------------------------------------------------------------------


def show_ranges(found: Ranges) -> Iterator[str]:
    """Where values lie."""

    def statement(node: Node) -> str:
        match node:
            case Compute(_, value) | Cost(_, value) | Report(_, value):
                return _range(found.places[value])
            case Sample(name):
                return _range(found.samples[name])
            case Loop():
                return ""
            case _:
                assert_never(node)

    def expression(value: Value | Distribution) -> str:
        return _range(found.places[value])

    return show_known(found.graph, Known(statement, expression, nothing=_range(ANYTHING)))


def _range(found: Range) -> str:
    flags = ("whole", "nonzero", "simplex", "inside", "supposed")
    words = [flag for flag in flags if getattr(found, flag)]
    return ", ".join([f"in {found}", *words, *([] if found.known else ["or part of it"])])


# --- liveness ------------------------------------------------------------------------------------


def show_liveness(found: Liveness) -> Iterator[str]:
    """What carries a gradient to something that learns, then samples and plates that do."""
    graph = found.graph

    def statement(node: Node) -> str:
        match node:
            case Compute(names):
                return _live(any(name in found.names for name in names))
            case Sample(name):
                return _live(name in found.names)
            case Cost(_, value) | Report(_, value):
                return _live(found.places[value])
            case Loop():
                return ""
            case _:
                assert_never(node)

    yield from show_known(
        graph, Known(statement, lambda v: _live(found.places[v]), nothing=_live(False))
    )
    parameters = [s.name for s in graph.samples if s.name in found.parameters]
    yield f"parameters live of: {', '.join(parameters) or 'none'}"
    plates = [p for p in graph.sample_plates if p in found.plates]
    yield f"weights live of: {', '.join(plates) or 'none'}"


def _live(on: bool) -> str:
    return "live" if on else "not live"


# --- joins, repeated rows, biases ----------------------------------------------------------------


def show_joins(graph: Graph, found: Joins) -> Iterator[str]:
    """The form in which multi-sample methods meet the draws that they join."""
    for name, join in found.of.items():
        line = line_of(graph, join.reduction.span)
        yield f"sample {name} is joined by {write(join.reduction)} (line {line})"
        for cost, slope in join.slopes.items():
            yield f"    slope in cost {cost}: {write_slope(slope)}"
    for name, bend in found.bends.items():
        yield f"sample {name} is not: line {line_of(graph, bend.span)} {bend.reason}"


def write_slope(slope: Slope) -> str:
    """``-a * b / c + 1``."""
    text = "".join(f" {'+' if p.sign == 1 else '-'} {_product(p)}" for p in slope)
    start, rest = text[:3], text[3:]
    return f"{'-' if start == ' - ' else ''}{rest}" or "0"


def _product(product: Product) -> str:
    factors = " * ".join(write(factor, 7) for factor in product.factors) or "1"
    return factors + "".join(f" / {write(divisor, 7)}" for divisor in product.divisors)


def show_verdicts(graph: Graph, found: Mapping[str, tuple[Verdict, ...]]) -> Iterator[str]:
    """The calls below samples that repeat: how often each is made."""
    for name, verdicts in found.items():
        yield f"sample {name}"
        for verdict in verdicts:
            often = f"every row: {verdict.obstacle}" if verdict.obstacle else "each distinct row"
            yield f"    line {line_of(graph, verdict.call.span)}: {write(verdict.call)} for {often}"


def show_biases(found: Mapping[str, str]) -> Iterator[str]:
    """Why the gradients of samples are biased."""
    return (f"sample {name}: {why}" for name, why in found.items())


def show_uncredited(found: Uncredited) -> Iterator[str]:
    """The samples that reach each cost without credit."""
    return (f"cost {name} <- {', '.join(sorted(of)) or '-'}" for name, of in found.costs.items())
