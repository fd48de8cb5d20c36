"""Events are summed once: what has none is not summed, and what is summed is not repeated."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.terms import meant
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Apply, Divergence, Entropy, LogProb, Value
from storchc.ir.graph import Graph
from storchc.ir.types import write_shape

_REPEATING = frozenset({"add", "subtract", "multiply", "divide", "where", "minimum", "maximum"})


def run(known: Estimation, problems: Problems) -> None:
    """Warn of `sum` of one number, and of sums over an event that meet the event again."""
    graph = known.typed
    for value in _applications(graph):
        if value.function in ("sum", "mean") and not value.operands[0].type.shape:
            summed = _summed(graph, value.operands[0])
            problems.add(words.nothing_to_sum(value.function, value.span, summed))
        elif value.type.shape and value.function in _REPEATING:
            for operand in value.operands:
                if _summed(graph, operand):
                    shape = write_shape(value.type.shape)
                    problems.add(words.summed_and_repeated(operand.span, shape))


def _applications(graph: Graph) -> Iterator[Apply]:
    return (part for part in graph.parts if isinstance(part, Apply))


def _summed(graph: Graph, value: Value) -> bool:
    """Whether it is a density, divergence or entropy of a variable with several elements."""
    value = meant(graph, value)
    while isinstance(value, Apply) and value.function in ("negative", "positive"):
        value = meant(graph, value.operands[0])
    match value:
        case LogProb(law) | Entropy(law) | Divergence(law):
            return bool(law.type.apart) and not value.type.shape
    return False
