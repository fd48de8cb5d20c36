"""Draws that depend on one another are neither joined nor compared (LOSS.md §3-5).

Draws that are not independent may not be joined by a reduction over their plate, nor be each
other's baselines; methods that look at values that were not drawn need the rest of the story to be
the same function at each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.mixing import mixed_plates, reductions_of
from storchc.diagnostics import credit as credit_words
from storchc.diagnostics import draws as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph
from storchc.ir.nodes import Loop, Node, Sample
from storchc.ir.walk import expressions, walk

Estimators = Mapping[str, Estimator]


def run(known: Estimation, problems: Problems) -> None:
    """Refuse what no estimator is right for."""
    graph, dependent, estimators = known.graph, known.touched, known.estimators
    again = _selected_again(graph, estimators)
    stateful = any("stateful" in callee.flags for callee in graph.callees.values())
    for node in graph.samples:
        estimator = estimators[node.name]
        mixed = mixed_plates(dependent, node)
        chosen = node.joins and node.name in again
        if node.plate in mixed and (chosen or not estimator.mixes_own):
            places = tuple(reductions_of(graph, node.plate))
            problems.add(words.joined(node, estimator, places, chosen=chosen))
        elif mixed and _changes_coordinates(estimator):
            places = tuple(p for plate in mixed for p in reductions_of(graph, plate))
            problems.add(words.one_coordinate(node, estimator, sorted(mixed), places))
        elif mixed and not (estimator.sampling.mixes_others or _weighs(estimator)):
            places = tuple(p for plate in mixed for p in reductions_of(graph, plate))
            drawer = node.sampler.name if node.sampler else estimator.name
            span = node.sampler.span if node.sampler else estimator.span
            problems.add(credit_words.drawn_together(node, drawer, span, sorted(mixed), places))
        if stateful and estimator.looks:
            _check_stateful(graph, node, dependent, estimator, problems)
        if estimator.joint and node.loops:
            _check_loop(graph, node, estimator, problems)
        if node.joins:
            _check_joined(graph, node, estimators, node.name in again, problems)
        elif estimator.baseline == "batch_average" and not estimator.sampling.independent:
            problems.add(words.compared(node, estimator, node, estimator))


def _changes_coordinates(estimator: Estimator) -> bool:
    entry = estimator.entry
    return entry is not None and estimator.looks and not entry.mixes_others


def _weighs(estimator: Estimator) -> bool:
    """Whether its draws carry weights: the rule for reductions speaks of these."""
    return estimator.weighted or estimator.enumerated


def _check_stateful(
    graph: Graph, node: Sample, dependent: Dependence, estimator: Estimator, problems: Problems
) -> None:
    for call, again in _calls(graph.nodes, node.name, dependent):
        stateful = "stateful" in graph.callees[call.callee].flags
        if stateful and again:
            problems.add(words.stateful_below(node, estimator, call.callee, call.span))
            return


def _calls(
    nodes: tuple[Node, ...], sample: str, dependent: Dependence, *, again: bool = False
) -> Iterator[tuple[CallUser, bool]]:
    """The calls, each with whether it is made again for other values of a sample.

    All of a statement are that depends on the sample, and all in a loop that does.
    """
    for node in nodes:
        itself = isinstance(node, Sample) and node.name == sample
        moves = again or (not itself and dependent.moves(node, sample))
        if isinstance(node, Loop):
            yield from _calls(node.body, sample, dependent, again=moves)
        parts = (e for root in expressions(node) for e in walk(root))
        for call in (e for e in parts if isinstance(e, CallUser)):
            yield call, moves or sample in dependent.places[call]


def _check_joined(
    graph: Graph, node: Sample, estimators: Estimators, chosen: bool, problems: Problems
) -> None:
    """A sample in a plate whose elements are one joint sample, and one that extends it.

    ``chosen``: a later sample chooses among its elements anew.
    """
    estimator = estimators[node.name]
    opener = graph.sample_by_name[node.plate]
    opened = estimators[opener.name]
    extends = estimator.in_plates == "own kind"
    if extends and opened.name != estimator.name:
        problems.add(words.joins_another(node, estimator, opener, opened))
    elif extends:
        _check_plates(graph, node, opener, estimator, problems)
    if opened.sampling.independent:
        return
    if estimator.baseline == "batch_average" or _compares(estimator):
        problems.add(words.compared(node, estimator, opener, opened))
    elif estimator.looks and chosen:
        problems.add(words.selected_again(node, estimator, opener))


def _check_loop(graph: Graph, node: Sample, estimator: Estimator, problems: Problems) -> None:
    """A joint sample of a loop: all along its plate there must have its plates, and no others."""
    for sample in graph.samples:
        more = sample.type.plates - node.type.plates
        if sample.plate != node.plate:
            more |= {sample.plate}
        if sample.loops[:1] == node.loops[:1] and node.plate in sample.type.plates and more:
            plates, place = graph.order(more), sample.name_span
            problems.add(words.plates_of_its_own(node, estimator, sample, plates, place))
            return


def _check_plates(
    graph: Graph, node: Sample, opener: Sample, estimator: Estimator, problems: Problems
) -> None:
    """All that a joint sample takes along must have its plates, and no others."""
    for sample in graph.samples:
        if node.plate in sample.type.plates and (more := sample.type.plates - opener.type.plates):
            place = graph.construction(node.distribution).span
            place = place if sample is node else sample.name_span
            problems.add(words.plates_of_its_own(node, estimator, sample, graph.order(more), place))
            return
        if sample is node:
            return


def _compares(estimator: Estimator) -> bool:
    return estimator.entry is not None and estimator.entry.compares


def _selected_again(graph: Graph, estimators: Estimators) -> frozenset[str]:
    """The samples that stand in a joint sample which a later one extends."""
    found: set[str] = set()
    extended: set[str] = set()
    for node in reversed(graph.samples):
        if node.plate in extended:
            found.add(node.name)
        if node.joins and estimators[node.name].joint:
            extended.add(node.plate)
    return frozenset(found)
