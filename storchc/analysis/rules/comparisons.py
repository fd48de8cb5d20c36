"""Draws that are compared with one another are several, and no cost joins them (LOSS.md §4)."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import named_method
from storchc.analysis.facts.mixing import joined_where_credited, reductions_of
from storchc.diagnostics import credit as credit_words
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.source import Span


def run(known: Estimation, problems: Problems) -> None:
    """Refuse comparisons of a single draw, and batch averages over a plate that a cost mixes."""
    mixing = joined_where_credited(known.graph, known.dependence, known.touched)
    for node in known.graph.samples:
        entry, choice, estimator = named_method(node), node.method, known.estimators[node.name]
        if entry is None or choice is None:
            continue
        if choice.constants.get("baseline") == "batch_average":
            _check_batch_average(known, node, node.name in mixing, problems)
        elif choice.constants.get("normalize") is True and estimator.baseline != "moving_average":
            _check_spread(known, node, node.name in mixing, problems)
        if entry.compares and node.joins and estimator.count < 2:
            opened = _opened(known.graph, node)
            problems.add(words.lone_join(node, entry, estimator.span, opened))


def _check_batch_average(known: Estimation, node: Sample, mixes: bool, problems: Problems) -> None:
    estimator = known.estimators[node.name]
    if estimator.count < 2:
        opened = _opened(known.graph, node)
        problems.add(words.lone_batch_average(node, opened, estimator.span))
    elif mixes:
        places = tuple(reductions_of(known.graph, node.plate))
        problems.add(credit_words.mixed_batch_average(node, estimator.span, places))


def _check_spread(known: Estimation, node: Sample, mixes: bool, problems: Problems) -> None:
    """What is divided by its spread has several elements to be spread over."""
    estimator = known.estimators[node.name]
    if estimator.count < 2:
        opened = _opened(known.graph, node)
        problems.add(words.lone_spread(node, opened, estimator.span))
    elif mixes:
        places = tuple(reductions_of(known.graph, node.plate))
        problems.add(credit_words.mixed_spread(node, estimator.span, places))


def _opened(graph: Graph, node: Sample) -> Span:
    """Where the plate of the sample is opened."""
    return graph.sample_by_name[node.plate].name_span
