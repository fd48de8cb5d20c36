"""Scores of any size stand where logits belong, and no probabilities."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.terms import meant
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Apply, CallUser, Construct, Distribution, Value
from storchc.ir.graph import Graph

_SQUASHED = frozenset({"softmax", "sigmoid"})
_LOSSES = frozenset({"cross_entropy", "binary_cross_entropy_with_logits", "nll_loss", "kl_div"})
_LAYERS = {"Softmax": "nn.Softmax", "Sigmoid": "nn.Sigmoid"}


def run(known: Estimation, problems: Problems) -> None:
    """Warn of `softmax` and `sigmoid` in the place of logits."""
    graph = known.typed
    for wanted, value in _logits(graph):
        made = meant(graph, value)
        function = _squashed(graph, made)
        if function:
            problems.add(words.made_of_probabilities(function, wanted, value.span, made.span))


def _logits(graph: Graph) -> Iterator[tuple[str, Value]]:
    for part in graph.parts:
        yield from _of(part)


def _of(part: Value | Distribution) -> Iterator[tuple[str, Value]]:
    match part:
        case Apply(function, operands) if function in _LOSSES:
            yield function, operands[0]
        case Construct(_, parameters):
            yield from ((f"{n}=", v) for n, v in parameters if n in ("logits", "gate_logits"))


def _squashed(graph: Graph, value: Value) -> str:
    """What makes probabilities of it: a function, or the last layer of a module."""
    match value:
        case Apply(function) if function in _SQUASHED:
            return function
        case CallUser(callee):
            default = graph.callees[callee].default
            last = None if default is None else default.last
            return "" if last is None else _LAYERS.get(last.name, "")
    return ""
