"""What a cost is a sum of, through names, signs and numbers; and what names stand for."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import islice
from types import EllipsisType

from storchc.ir.expression import (
    Apply,
    CallUser,
    Construct,
    Counter,
    Distribution,
    Extent,
    Literal,
    Named,
    OverPlates,
    Property,
    Range,
    Reference,
    Select,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.walk import children
from storchc.records import dataclass

_SUMS = frozenset({"sum", "mean"})
_NAMES = 30
"""How many names deep a story is read."""
_MOST = 16
"""How many parts of a cost are looked at: a long chain of sums takes no longer than a short one."""


@dataclass(frozen=True, slots=True)
class Term:
    """A summand: ``sign`` is that of the numbers that it is multiplied by."""

    sign: int
    value: Value

    def times(self, number: float) -> Term:
        """The summand of a multiple."""
        return Term(self.sign if number >= 0 else -self.sign, self.value)


def meant(graph: Graph, value: Value) -> Value:
    """What a name stands for that a `compute` gave, through other such names."""
    for _ in range(_NAMES):
        if not isinstance(value, Reference) or value.name in graph.carried:
            return value
        made = graph.compute_by_name.get(value.name)
        if made is None or len(made.names) > 1 or isinstance(made.value, Distribution):
            return value
        value = made.value
    return value


def terms(graph: Graph, value: Value) -> Iterator[Term]:
    """The summands of ``value``, of which events and plates are summed or averaged."""
    return islice(_terms(graph, Term(1, value)), _MOST)


def _terms(graph: Graph, whole: Term) -> Iterator[Term]:
    left = [whole]
    for _ in range(_MOST):
        if not left:
            return
        term = left.pop()
        parts = _parts(meant(graph, term.value))
        if parts is None:
            yield Term(term.sign, term.value)
        else:
            left += (part.times(term.sign) for part in reversed(parts))


def _parts(value: Value) -> tuple[Term, ...] | None:
    match value:
        case Apply("add", (left, right)):
            return Term(1, left), Term(1, right)
        case Apply("subtract", (left, right)):
            return Term(1, left), Term(-1, right)
        case Apply("negative", (operand,)):
            return (Term(-1, operand),)
        case Apply("multiply", (Literal(number), other)) if number:
            return (Term(1, other).times(number),)
        case Apply("multiply" | "divide", (other, Literal(number))) if number:
            return (Term(1, other).times(number),)
        case Apply("where", (_, operand, Literal(0))):  # of what a loop may have stopped
            return (Term(1, operand),)
        case Apply(function, (operand,)) | OverPlates(function, operand) if function in _SUMS:
            return (Term(1, operand),)
        case _:
            return None


def key(value: Value | Distribution) -> Hashable:
    """An expression without its places: those that are equal have the same value."""
    match value:
        case Literal(number):
            own: Hashable = number
        case Reference(name) | Named(name):
            own = name
        case Apply(function, _, settings):
            own = function, repr(sorted(settings.items()))
        case OverPlates(function, _, plates):
            own = function, plates
        case CallUser(callee):
            own = callee
        case Construct(family, parameters):
            own = family, tuple(name for name, _ in parameters)
        case Property(_, name):
            own = name
        case Select(_, items):
            own = repr([i for i in items if isinstance(i, int | Range | EllipsisType)])
        case Counter() | Extent():
            own = str(value)
        case _:
            own = None
    return type(value).__name__, own, tuple(map(key, children(value)))
