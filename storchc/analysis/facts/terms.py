"""What a cost is a sum of, through names, signs and numbers; and what names stand for."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import islice

from storchc.ir.expression import (
    Apply,
    Distribution,
    Extent,
    Literal,
    OverPlates,
    Reference,
    Value,
)
from storchc.ir.graph import Graph
from storchc.records import dataclass

_SUMS = frozenset({"sum", "mean"})
_NAMES = 30
"""How many names deep a story is read."""
_MOST = 16
"""How many parts of a cost are looked at: a long chain of sums takes no longer than a short one."""


@dataclass(frozen=True, slots=True)
class Term:
    """A summand: ``sign`` is that of what it is multiplied by; ``scaled``, whether by anything."""

    sign: int
    value: Value
    scaled: bool = False

    def within(self, whole: Term) -> Term:
        """The summand as a part of another one."""
        return Term(self.sign * whole.sign, self.value, self.scaled or whole.scaled)


def meant(graph: Graph, value: Value, until: Container[str] = ()) -> Value:
    """What a name stands for that a `compute` gave, through other such names but for ``until``."""
    for _ in range(_NAMES):
        if not isinstance(value, Reference) or value.name in graph.carried or value.name in until:
            return value
        made = graph.compute_by_name.get(value.name)
        if made is None or len(made.names) > 1 or isinstance(made.value, Distribution):
            return value
        value = made.value
    return value


def terms(graph: Graph, value: Value, until: Container[str] = ()) -> Iterator[Term]:
    """The summands of ``value``, of which events and plates are summed or averaged.

    Names of ``until`` are not looked into.
    """
    return islice(_terms(graph, Term(1, value), until), _MOST)


def _terms(graph: Graph, whole: Term, until: Container[str]) -> Iterator[Term]:
    left = [whole]
    for _ in range(_MOST):
        if not left:
            return
        term = left.pop()
        parts = _parts(graph, meant(graph, term.value, until))
        if parts is None:
            yield term
        else:
            left += (part.within(term) for part in reversed(parts))


def _parts(graph: Graph, value: Value) -> tuple[Term, ...] | None:
    match value:
        case Apply("add", (left, right)):
            return Term(1, left), Term(1, right)
        case Apply("subtract", (left, right)):
            return Term(1, left), Term(-1, right)
        case Apply("negative", (operand,)):
            return (Term(-1, operand),)
        case Apply("multiply", (weight, other)) if sign := _weight(graph, weight):
            return (Term(sign, other, scaled=True),)
        case Apply("multiply" | "divide", (other, weight)) if sign := _weight(graph, weight):
            return (Term(sign, other, scaled=True),)
        case Apply("where", (_, operand, Literal(0))):  # of what a loop may have stopped
            return (Term(1, operand),)
        case Apply(function, (operand,)) | OverPlates(function, operand) if function in _SUMS:
            return (Term(1, operand),)
        case _:
            return None


def _weight(graph: Graph, value: Value) -> int:
    """The sign of a number, or of what is one number for all, such as an input; 0 of all else.

    A single input is taken to be positive, as the weight of a cost and the size of a data set are;
    so is what says which elements count.
    """
    value, sign = meant(graph, value), 1
    while isinstance(value, Apply) and value.function == "negative":
        value, sign = value.operands[0], -sign
    match value:
        case Literal(number) if number:
            return sign if number > 0 else -sign
        case Extent():
            return sign
        case Reference(name, type) if name in graph.input_by_name:
            alike = not (type.plates or type.shape)
            return sign if alike or type.dtype == "bool" else 0
    return 0
