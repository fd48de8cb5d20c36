"""How a value uses its operands: whether a gradient flows, which plates are reduced on the way."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from types import EllipsisType
from typing import assert_never

from storchc.catalogue import distributions, functions
from storchc.catalogue.function import Function
from storchc.ir.expression import (
    AlongSteps,
    Apply,
    CallUser,
    Construct,
    Counter,
    Distribution,
    Divergence,
    Entropy,
    Evidence,
    Expected,
    Extent,
    Literal,
    LogProb,
    Named,
    OverPlates,
    Property,
    Range,
    Reference,
    Renamed,
    Select,
    SelectItem,
    SequenceOf,
    StaticChoice,
    SummedOut,
    Value,
)
from storchc.ir.nodes import Callee
from storchc.records import dataclass
from storchc.source import Span

_CONDITION = "no gradient flows through a condition"
Flow = typing.Literal["smooth", "broken", "cut", "uncredited"]
FLOWING: frozenset[Flow] = frozenset({"smooth", "uncredited"})
"""What lets a gradient through to what learns."""
CREDITLESS: frozenset[Flow] = frozenset({"cut", "uncredited"})
"""What credits no score."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One operand of an expression.

    ``flow``: a gradient flows; it does not, though the value depends on the operand; a deliberate
    cut, which ends dependence too; or ``uncredited``, which ends dependence alone. ``plates`` are
    reduced by ``over=`` on this edge.
    ``reason`` says in the user's words what breaks the path at ``span``.
    """

    operand: Value | Distribution
    flow: Flow
    span: Span
    plates: tuple[str, ...] = ()
    reason: str = ""


def edges(expression: Value | Distribution, callees: Mapping[str, Callee]) -> tuple[Edge, ...]:
    """The operands of ``expression`` and how it uses them."""
    match expression:
        case Apply():
            return _apply(expression)
        case Literal() | Extent() | Reference() | Counter() | Named():  # most of a story
            return ()
        case Select(value, items, _, span):
            return (Edge(value, "smooth", span), *_index_edges(items, span))
        case SequenceOf(value, _, span):
            return (Edge(value, "smooth", span),)
        case OverPlates(_, value, plates, _, span):
            return (Edge(value, "smooth", span, plates),)
        case CallUser():
            return _call(expression, callees[expression.callee])
        case Construct(_, parameters, _, span):
            return tuple(Edge(value, "smooth", span) for _, value in parameters)
        case Expected() | Renamed() | SummedOut() | AlongSteps():
            return (Edge(expression.value, "smooth", expression.span),)
        case Evidence(sample=sample, span=span):
            return tuple(Edge(part, "smooth", span, (sample,)) for part in expression.parts)
        case LogProb(distribution, value, _, span):
            return Edge(distribution, "smooth", span), Edge(value, "smooth", span)
        case Divergence(left, right, _, span):
            return Edge(left, "smooth", span), Edge(right, "smooth", span)
        case Property(distribution, "mode", _, span) if _discrete(distribution):
            reason = "no gradient flows through a discrete `mode`"
            return (Edge(distribution, "broken", span, reason=reason),)
        case Entropy(distribution, _, span) | Property(distribution, _, _, span):
            return (Edge(distribution, "smooth", span),)
        case StaticChoice(condition, then, otherwise, _, span):
            sides = Edge(then, "smooth", span), Edge(otherwise, "smooth", span)
            return *sides, Edge(condition, "broken", condition.span, reason=_CONDITION)
        case _:
            assert_never(expression)


def _discrete(distribution: Distribution) -> bool:
    return distributions.row(distribution.type).discrete


def _apply(expression: Apply) -> tuple[Edge, ...]:
    row, span = functions.row(expression.function), expression.span
    if row.cut:
        return tuple(Edge(o, "cut", span) for o in expression.operands)
    if row.uncredited:
        return tuple(Edge(o, "uncredited", span) for o in expression.operands)
    if row.broken == "none":
        return tuple(Edge(o, "smooth", span) for o in expression.operands)
    return tuple(_through(expression, row, i) for i in range(len(expression.operands)))


def _through(expression: Apply, row: Function, position: int) -> Edge:
    operand = expression.operands[position]
    if not row.breaks(position):
        return Edge(operand, "smooth", expression.span)
    if position == row.condition:
        return Edge(operand, "broken", operand.span, reason=_CONDITION)
    reason = f"no gradient flows through `{row.symbol or row.name}`"
    return Edge(operand, "broken", expression.span, reason=reason)


def _index_edges(items: tuple[SelectItem, ...], span: Span) -> tuple[Edge, ...]:
    values = [i for i in items if not isinstance(i, int | Range | EllipsisType)]
    return tuple(
        Edge(v, "broken", span, reason="no gradient flows through an index") for v in values
    )


def _call(expression: CallUser, callee: Callee) -> tuple[Edge, ...]:
    reason = f"`{callee.name}` is declared `nondiff`"
    flow: Flow = "broken" if "nondiff" in callee.flags else "smooth"
    flat = [v for a in expression.arguments for v in (a if isinstance(a, tuple) else (a,))]
    return tuple(Edge(value, flow, expression.span, reason=reason) for value in flat)
