"""What is probable is made more probable, and a divergence small: both have their sign."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.own_score import own_log_prob
from storchc.analysis.facts.terms import meant, terms
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Divergence, LogProb


def run(known: Estimation, problems: Problems) -> None:
    """Warn of log-probabilities and of negative divergences as costs.

    The log-probability of a draw under its own distribution is made small on purpose, which keeps
    its entropy large.
    """
    graph = known.typed
    for cost in graph.costs:
        if cost.observed:
            continue
        for term in terms(graph, cost.value):
            value = meant(graph, term.value)
            if isinstance(value, LogProb) and term.sign > 0 and not own_log_prob(graph, value):
                problems.add(words.sign_of_log_prob(value.span))
            if isinstance(value, Divergence) and term.sign < 0:
                problems.add(words.sign_of_divergence(value.span))
