"""What is known of the statements of a story, and of the expressions in them where they stand.

An expression stands below its statement where something else is known of it than of the expression
around it: one that is not listed has what that one has. Numbers are left out, and so are inputs and
params of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from storchc.debug.expressions import write
from storchc.debug.graph import title
from storchc.debug.types import line_of
from storchc.ir.expression import (
    Counter,
    Distribution,
    Extent,
    Literal,
    Reference,
    StaticChoice,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.nodes import Loop, Node
from storchc.ir.walk import children, expressions
from storchc.records import dataclass

WIDEST = 72

OfExpression = Callable[[Value | Distribution], str]


@dataclass(frozen=True, slots=True)
class Known:
    """A fact in words: that of what a statement makes, and that of an expression.

    ``details`` are further lines about a statement. ``nothing`` is what a fact is called that says
    nothing.
    """

    statement: Callable[[Node], str]
    expression: OfExpression
    details: Callable[[Node], Iterable[str]] = lambda node: ()
    nothing: str = "nothing"


def show_known(graph: Graph, known: Known) -> Iterator[str]:
    """The whole story."""
    given = frozenset(i.name for i in graph.inputs) | {p.name for p in graph.params}
    return _nodes(graph, known, given, graph.nodes, "")


def _nodes(
    graph: Graph, known: Known, given: frozenset[str], nodes: Iterable[Node], indent: str
) -> Iterator[str]:
    for node in nodes:
        fact, start = known.statement(node), f"{line_of(graph, node.span):>4}  {indent}"
        yield f"{start}{title(node)} {fact}" if fact else f"{start}{title(node)}"
        below = [*known.details(node), *_below(known, given, node, fact)]
        yield from (f"          {indent}{line}" for line in dict.fromkeys(below))
        if isinstance(node, Loop):
            yield from _nodes(graph, known, given, node.body, indent + "    ")


def _below(known: Known, given: frozenset[str], node: Node, fact: str) -> Iterator[str]:
    if isinstance(node, Loop):
        for carried in node.carried:
            first = known.expression(carried.initial)
            yield f"{carried.name} starts as {shortened(write(carried.initial))} {first}"
            yield from _parts(known, given, carried.initial, first)
    else:
        for value in expressions(node):
            yield from _parts(known, given, value, fact)


def _parts(
    known: Known, given: frozenset[str], value: Value | Distribution, around: str
) -> Iterator[str]:
    if isinstance(value, Literal | Extent | Counter):
        return
    fact = known.expression(value)
    idle = fact == known.nothing and isinstance(value, Reference) and value.name in given
    if fact != around and not idle:
        yield f"{shortened(write(value))} {fact}"
    sides = isinstance(value, StaticChoice)  # its condition is no value: nothing is known of it
    for child in children(value)[sides:]:
        yield from _parts(known, given, child, fact)


def shortened(text: str) -> str:
    """A text that stands in one line."""
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
