"""The derivative of what is downstream of a sample is that of its expectation (LOSS.md §5).

A method that puts a relaxed cost and its slope in the place of one another is right only then: the
slope must not be cut off on the way, nor be the biased one of a later sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.dataflow import Start, Statement
from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.edges import edges
from storchc.analysis.facts.leading import leading_to, roots
from storchc.catalogue import distributions
from storchc.diagnostics import draws as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Distribution, Value
from storchc.ir.nodes import Carried, Sample
from storchc.ir.walk import walk
from storchc.source import Span

Cut = tuple[Statement | Carried, Value | Distribution, Span]
"""What is made with a slope that is cut off, the operand that has none, and the place."""


def run(known: Estimation, problems: Problems) -> None:
    """Refuse a slope that is not that of the expectation."""
    relying = []
    for node in known.graph.samples:
        entry = known.estimators[node.name].entry
        if entry is not None and entry.relies:
            relying.append(node)
    if relying:
        cuts, biased = _by_sample(known, _cuts(known)), list(_biased(known))
        for node in relying:
            _check(known, node, cuts.get(node.name, []), biased, problems)


def _by_sample(known: Estimation, cuts: Iterator[Cut]) -> Mapping[str, list[Cut]]:
    """The cuts of the slope in each sample."""
    found: dict[str, list[Cut]] = {}
    for cut in cuts:
        for name in known.touched.places[cut[1]]:
            found.setdefault(name, []).append(cut)
    return found


def _check(
    known: Estimation, node: Sample, cuts: list[Cut], biased: list[Sample], problems: Problems
) -> None:
    """What leads to the costs of the sample is asked for only where something may be wrong."""
    touched, estimators = known.touched, known.estimators
    later = [s for s in biased if s is not node and touched.moves(s, node.name)]
    own = [cut for cut in cuts if _moves(known, cut, node)]
    if not later and not own:
        return
    costs = {c.name for c in known.graph.costs if node.name in known.dependence.costs[c.name]}
    last_first = {id(n): place for place, n in enumerate(leading_to(known.flow, costs))}
    later = sorted((s for s in later if id(s) in last_first), key=lambda s: last_first[id(s)])
    own = sorted((c for c in own if id(c[0]) in last_first), key=lambda c: last_first[id(c[0])])
    estimator = estimators[node.name]
    if later:
        problems.add(words.biased_slope(node, estimator, later[0], estimators[later[0].name]))
    elif own:
        problems.add(words.cut_slope(node, estimator, own[0][2]))


def _moves(known: Estimation, cut: Cut, sample: Sample) -> bool:
    node = cut[0]
    if isinstance(node, Carried):
        return sample.name in known.touched.places[node.initial]
    return known.touched.moves(node, sample.name)


def _biased(known: Estimation) -> Iterator[Sample]:
    """The samples whose gradient is not that of what they draw."""
    for node in known.graph.samples:
        if not _faithful(node, known.estimators[node.name]):
            yield node


def _faithful(node: Sample, estimator: Estimator) -> bool:
    """Whether its gradient is that of what it draws; a relaxation's is, of its own values."""
    entry = estimator.entry
    family = distributions.row(node.distribution.type)
    if estimator.carrier == "pathwise" and entry is not None:
        discrete = family is not None and family.finite is not None
        straight = estimator.constants.get("straight_through") is True
        return entry.relaxed and not straight if discrete else entry.unbiased
    return estimator.unbiased


def _cuts(known: Estimation) -> Iterator[Cut]:
    """Where slopes are cut off."""
    for place in known.flow.places:
        node = place.node.carried if isinstance(place.node, Start) else place.node
        if node is None:
            continue
        for part in (part for root in roots(node) for part in walk(root)):
            for edge in edges(part, known.graph.callees):
                if edge.flow == "cut":
                    yield node, edge.operand, edge.span
