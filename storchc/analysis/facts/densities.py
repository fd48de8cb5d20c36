"""Where densities, divergences and entropies end, and where they have poles (LOSS.md §8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.facts.numbers import said
from storchc.analysis.facts.own_score import own_log_prob
from storchc.analysis.facts.ranges import Ranges
from storchc.catalogue import distributions, supports
from storchc.catalogue.family import Bounds, Family
from storchc.catalogue.function import Smoothness
from storchc.ir.expression import (
    Construct,
    Distribution,
    Divergence,
    Entropy,
    LogProb,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.ranges import Range, exactly


def density_kind(graph: Graph, ranges: Ranges, value: LogProb) -> Smoothness:
    """A density ends where the support does, or where its formula does."""
    made, family = _made(graph, value.distribution)
    found = ranges.places[value.value]
    parameters = _lie(ranges, made)
    ends = [parameters[p.name] for p in family.parameters if p.moves_support]
    if any(end.number is None for end in ends):
        certain = found.known or any(end.known for end in ends)
        inside = own_log_prob(graph, value) is not None
    else:
        lies_in = supports.lies_in if ends else supports.density
        domain = supports.closed(lies_in(family, made, parameters))
        certain = found.known
        inside = found.within(domain) or found.apart(domain)
    if certain and not found.supposed and not inside:
        return "jump"
    return "corner" if any(p.cornered for p in family.parameters) else "smooth"


def divergence_kind(graph: Graph, ranges: Ranges, value: Divergence) -> Smoothness:
    """A divergence is infinite as soon as the first leaves the support of the second."""
    (left, first), (right, second) = (_made(graph, q) for q in (value.left, value.right))
    inner = {
        name: lies if lies.number is not None else exactly(_innermost(name, lies))
        for name, lies in _lie(ranges, right).items()
    }
    if not _moves(ranges, left, first) and not _moves(ranges, right, second):
        return "smooth"
    lies = supports.lies_in(first, left, _lie(ranges, left))
    apart = not supports.reaches(supports.lies_in(second, right, _lie(ranges, right)), lies)
    if apart or _same_ends(left, right, second):  # a rule of its own speaks of those apart
        return "smooth"
    held = supports.closed(supports.lies_in(second, right, inner))
    return "smooth" if lies.within(held) else "jump"


def _innermost(name: str, lies: Range) -> float:
    """The end that leaves least between the two."""
    return lies.low if name == "high" else lies.high


def _moves(ranges: Ranges, made: Construct, family: Family) -> bool:
    parameters = _lie(ranges, made)
    return any(p.moves_support and parameters[p.name].number is None for p in family.parameters)


def _same_ends(left: Construct, right: Construct, family: Family) -> bool:
    if left.family != right.family:
        return False
    a, b = dict(left.parameters), dict(right.parameters)
    return all(said(a[p.name]) == said(b[p.name]) for p in family.parameters if p.moves_support)


def divided_by(graph: Graph, value: LogProb | Divergence | Entropy) -> Iterator[tuple[Value, ...]]:
    """The parameters where a density is none as they are 0, of each of the distributions."""
    match value:
        case Divergence(left, right):
            yield _positive(graph, left, probabilities=False)
            yield _positive(graph, right, probabilities=True)
        case Entropy(distribution):
            yield _positive(graph, distribution, probabilities=False)
        case LogProb(distribution):
            yield _positive(graph, distribution, probabilities=True)


def interval(graph: Graph, distribution: Distribution) -> tuple[Value, Value] | None:
    """The ends that a distribution is given, if its density is the inverse of their distance."""
    ends = dict(graph.construction(distribution).parameters)
    return (ends["low"], ends["high"]) if {"low", "high"} <= ends.keys() else None


def corners(graph: Graph, distribution: Distribution) -> tuple[Value, ...]:
    """The parameters at which the log-density has a corner, as a function of the value."""
    made, family = _made(graph, distribution)
    return tuple(v for name, v in made.parameters if family.parameter(name).cornered)


def scales(graph: Graph, distribution: Distribution) -> tuple[Value, ...]:
    """The parameters of a continuous distribution where its scores have no mean as they are 0."""
    _, family = _made(graph, distribution)
    return () if family.discrete else _positive(graph, distribution, probabilities=False)


def _positive(
    graph: Graph, distribution: Distribution, *, probabilities: bool
) -> tuple[Value, ...]:
    """Those that must be positive, and maybe ``probabilities``, whose logarithm is taken."""
    made, family = _made(graph, distribution)
    bounds = {p.name: p.bounds for p in family.parameters}
    return tuple(v for name, v in made.parameters if _ends_at_zero(bounds[name], probabilities))


def _ends_at_zero(bounds: Bounds | None, probabilities: bool) -> bool:
    if bounds is None:
        return False
    return bounds.nonzero or (bounds.least == 0 and (bounds.open or probabilities))


def _made(graph: Graph, distribution: Distribution) -> tuple[Construct, Family]:
    made = graph.construction(distribution)
    family = distributions.row(made.type)
    return made, family


def _lie(ranges: Ranges, made: Construct) -> Mapping[str, Range]:
    return {name: ranges.places[parameter] for name, parameter in made.parameters}
