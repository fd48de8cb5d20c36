"""Values have a density, divergences are finite, proposals reach their targets (LOSS.md §10)."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.ranges import Ranges
from storchc.catalogue import distributions, supports
from storchc.catalogue.family import Family
from storchc.diagnostics import composed as composed_words
from storchc.diagnostics import ranges as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Construct, Distribution, Divergence, LogProb, Named
from storchc.ir.nodes import Cost, Sample
from storchc.ir.ranges import Range
from storchc.ir.walk import expressions, walk


def run(known: Estimation, problems: Problems) -> None:
    """Refuse what is known to lie outside of a support."""
    for node in known.graph.all_nodes:
        observed = isinstance(node, Cost) and node.observed
        for part in (p for e in expressions(node) for p in walk(e)):
            if isinstance(part, LogProb):
                _check_density(known.ranges, part, observed, problems)
            elif isinstance(part, Divergence):
                _check_divergence(known.ranges, part, problems)
        if isinstance(node, Sample):
            _check_proposal(known, node, problems)


def _check_density(ranges: Ranges, part: LogProb, observed: bool, problems: Problems) -> None:
    lies, support = ranges.places[part.value], ranges.support(part.distribution)
    if lies.apart(supports.closed(support)):
        family = ranges.graph.construction(part.distribution).family
        span = part.value.span
        problems.add(words.no_density(span, family, lies, support, observed=observed))


def _check_divergence(ranges: Ranges, part: Divergence, problems: Problems) -> None:
    left, right = ranges.support(part.left), ranges.support(part.right)
    if not supports.reaches(right, left):
        named = _named(ranges, part.left, left), _named(ranges, part.right, right)
        problems.add(words.infinite_divergence(part.span, *named))


def _check_proposal(known: Estimation, node: Sample, problems: Problems) -> None:
    estimator, ranges = known.estimators[node.name], known.ranges
    for proposal in estimator.sampler_values.values():
        if not isinstance(proposal, Construct | Named):
            continue
        families = [_family(ranges, law) for law in (node.distribution, proposal)]
        if families[0].point:  # which has no score either
            continue
        if families[1].point:
            problems.add(composed_words.point_as_proposal(proposal.span))
            continue
        if families[0].mixed != families[1].mixed:
            problems.add(composed_words.other_atoms(proposal.span, *(f.name for f in families)))
            continue
        target, source = ranges.support(node.distribution), ranges.support(proposal)
        if not supports.reaches(source, target):
            cost = estimator.sampler_constants.get("covers") == "cost"
            named = _named(ranges, node.distribution, target), _named(ranges, proposal, source)
            problems.add(words.narrow_proposal(proposal.span, node.name, *named, cost=cost))


def _family(ranges: Ranges, distribution: Distribution) -> Family:
    return distributions.row(ranges.graph.construction(distribution).type)


def _named(ranges: Ranges, distribution: Distribution, lies: Range) -> tuple[str, Range]:
    return ranges.graph.construction(distribution).family, lies
