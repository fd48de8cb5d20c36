"""What is probable is made more probable, and a divergence small: both have their sign."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.numbers import said
from storchc.analysis.facts.terms import Term, meant, terms
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Divergence, LogProb, OverPlates
from storchc.ir.graph import Graph
from storchc.ir.nodes import Cost


def run(known: Estimation, problems: Problems) -> None:
    """Warn of log-probabilities and of negative divergences as costs.

    The log-probability of a draw under its own distribution is made small on purpose, which keeps
    its entropy large; and beside another of the same value, made large, it is a part of a ratio.
    """
    graph = known.typed
    for cost in graph.costs:
        if cost.observed:
            continue
        summands = [(term, meant(graph, term.value)) for term in _terms(graph, cost)]
        made_small = {
            said(value.value)
            for term, value in summands
            if isinstance(value, LogProb) and term.sign < 0
        }
        for term, value in summands:
            if isinstance(value, LogProb) and term.sign > 0:
                if said(value.value) in made_small or _own(graph, value):
                    continue
                problems.add(words.sign_of_log_prob(value.span))
            if isinstance(value, Divergence) and term.sign < 0:
                problems.add(words.sign_of_divergence(value.span))


def _own(graph: Graph, value: LogProb) -> bool:
    sample = graph.drawn(value.value)
    return sample is not None and graph.same_law(value.distribution, sample.distribution)


def _terms(graph: Graph, cost: Cost) -> Iterator[Term]:
    """The summands of a cost, and those inside of the logarithm of a mean over samples.

    Such is a bound on a likelihood. Multiples in it are powers, which have a meaning of their own.
    """
    for term in terms(graph, cost.value):
        value = meant(graph, term.value)
        if isinstance(value, OverPlates) and _bounds(graph, value):
            inner = terms(graph, value.value)
            yield from (part.within(term) for part in inner if not part.scaled)
        else:
            yield term


def _bounds(graph: Graph, value: OverPlates) -> bool:
    return value.function == "logmeanexp" and any(map(graph.along, value.plates))
