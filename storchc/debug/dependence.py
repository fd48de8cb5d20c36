"""The samples that values depend on, with the plates that are mixed on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from storchc.analysis.facts.credit import Credit, Groups
from storchc.analysis.facts.dependence import Ancestors, Dependence, Stepwise
from storchc.analysis.facts.scores import Scores
from storchc.debug.graph import title
from storchc.debug.places import Known, show_known
from storchc.debug.types import line_of
from storchc.ir.graph import Graph
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.steps import Seen, StepAncestors
from storchc.ir.types import Plates

NOTHING = "<- nothing"


def show_dependence(found: Dependence) -> Iterator[str]:
    """What every statement, and every expression in it, depends on."""
    graph = found.graph

    def statement(node: Node) -> str:
        match node:
            case Compute(names):
                return _arrow(graph, found.values[names[0]])
            case Sample(name):
                return _arrow(graph, found.values[name])
            case Cost(name):
                return _arrow(graph, found.costs[name])
            case Report(name):
                return _arrow(graph, found.reports[name])
            case Loop():
                return ""
            case _:
                assert_never(node)

    def details(node: Node) -> Iterator[str]:
        if isinstance(node, Sample):
            yield f"its parameters {_arrow(graph, found.parameters[node.name])}"

    places = found.places
    known = Known(statement, lambda value: _arrow(graph, places[value]), details, NOTHING)
    return show_known(graph, known)


def _arrow(graph: Graph, ancestors: Ancestors) -> str:
    """``<- z, w (mixing w, data)``."""
    order = [s.name for s in graph.samples if s.name in ancestors]
    return _listed([name + mixing(graph, ancestors[name]) for name in order])


def _listed(parts: list[str]) -> str:
    return f"<- {', '.join(parts)}" if parts else NOTHING


def mixing(graph: Graph, mixed: Plates) -> str:
    """The plates that are mixed, behind what they are mixed of."""
    return f" (mixing {', '.join(graph.order(mixed))})" if mixed else ""


# --- steps of loops ------------------------------------------------------------------------------


def show_stepwise(graph: Graph, found: Stepwise) -> Iterator[str]:
    """What the parameters of samples, and costs, depend on, with the steps of loops told apart."""
    for node in graph.all_nodes:
        match node:
            case Sample(name):
                ancestors, what = found.parameters[name], f"parameters of {name}"
            case Cost(name):
                ancestors, what = found.costs[name], title(node)
            case _:
                continue
        arrow = _stepwise_arrow(graph, ancestors)
        yield f"{line_of(graph, node.span):>4}  {what} {arrow}"


def _stepwise_arrow(graph: Graph, ancestors: StepAncestors) -> str:
    parts = []
    for sample in graph.samples:
        views = sorted((s for s in ancestors if s.name == sample.name), key=_depth)
        parts += [seen_in(sample.loops, s) + mixing(graph, ancestors[s]) for s in views]
    return _listed(parts)


def _depth(seen: Seen) -> int:
    return -1 if seen.level is None else seen.level


def seen_in(loops: tuple[str, ...], seen: Seen, side: str = "earlier") -> str:
    """A sample, or a cost, and in which steps of the sample's ``loops`` it is seen."""
    if seen.level is None:
        return seen.name
    same = "this and " if seen.same else ""
    return f"{seen.name} in {same}{side} steps of {loops[seen.level]}"


# --- credit --------------------------------------------------------------------------------------


def show_credit(graph: Graph, found: Credit, credited: Groups) -> Iterator[str]:
    """L of each cost, L_before and the groups of each sample (LOSS.md §2, §4)."""
    samples = {s.name: s for s in graph.samples}
    for cost, scores in found.scores.items():
        yield f"L of cost {cost} = {_sum(graph, samples, scores)}"
    for name, groups in credited.items():
        yield f"L before {name} = {_sum(graph, samples, found.before[name])}"
        loops = samples[name].loops
        for mixed, costs in groups.items():
            shown = ", ".join(seen_in(loops, cost, "later") for cost in costs)
            yield f"    {name}{mixing(graph, mixed)} is credited with {shown}"
        if not groups:
            yield f"    {name} is credited with nothing"


def _sum(graph: Graph, samples: Mapping[str, Sample], scores: Scores) -> str:
    terms = []
    for seen, summed in scores:
        over = f" summed over {', '.join(graph.order(summed))}" if summed else ""
        terms.append(f"{seen_in(samples[seen.name].loops, seen)}{over}")
    return " + ".join(terms) or "0"
