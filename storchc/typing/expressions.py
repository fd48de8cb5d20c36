"""Expressions: from the syntax tree to typed values."""

from __future__ import annotations

import math
from dataclasses import replace

from storchc.diagnostics import names as name_words
from storchc.diagnostics import options as option_words
from storchc.diagnostics import shapes as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import (
    Apply,
    CallUser,
    Counter,
    Extent,
    Literal,
    Reference,
    StaticChoice,
    Value,
)
from storchc.ir.types import NO_PLATES, Dtype, ValueType
from storchc.source import Span
from storchc.syntax import tree
from storchc.typing import calls, distributions, indexing, sizes
from storchc.typing.application import INT, operate
from storchc.typing.context import Context, Refused

_BINARY = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "power",
    "//": "floor_divide", "%": "remainder", "@": "matmul", "==": "equal",
    "!=": "not_equal", "<": "less",
    "<=": "less_equal", ">": "greater", ">=": "greater_equal", "and": "logical_and",
    "or": "logical_or",
}  # fmt: skip
_UNARY = {"-": "negative", "+": "positive", "not": "logical_not"}
_CONSTANTS: dict[str, float | bool] = {
    "true": True,
    "false": False,
    "inf": math.inf,
    "pi": math.pi,
}


def value(ctx: Context, expression: tree.Expression) -> Value | None:
    """The typed value; None when something in it is wrong, which is reported then."""
    try:
        return single(typed(ctx, expression))
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        return None


def single(found: Value | None) -> Value | None:
    """The value itself, unless it is a call with several results."""
    if isinstance(found, CallUser) and len(found.results) != 1:
        problem = words.several_results(found.span, found.callee, len(found.results))
        raise Refused(problem)
    return found


def typed(ctx: Context, expression: tree.Expression) -> Value | None:
    """The typed value, or None when a part of it is wrong and reported; raises Refused."""
    match expression:
        case tree.Name():
            return _name(ctx, expression)
        case tree.Number(value=number, span=span):
            return literal(number, span)
        case tree.Constant(id=name, span=span):
            if name == "none":
                raise Refused(option_words.none_as_value(span))
            return literal(_CONSTANTS[name], span)
        case tree.Unary(op=op, operand=operand, span=span):
            inner = value(ctx, operand)
            return None if inner is None else operate(_UNARY[op], (inner,), span)
        case tree.Binary():
            return _binary(ctx, expression)
        case tree.Conditional():
            return _conditional(ctx, expression)
        case tree.Call():
            return calls.call(ctx, expression)
        case tree.Index():
            return indexing.select(ctx, expression)
        case tree.Attribute():
            return distributions.attribute(ctx, expression)
        case tree.ListOf(span=span):
            raise Refused(option_words.list_as_value(span))
        case tree.Text(span=span):
            raise Refused(option_words.text_as_value(span))


def literal(number: int | float | bool, span: Span) -> Literal:
    """A number that the story writes."""
    dtype: Dtype = (
        "bool" if isinstance(number, bool) else "int" if isinstance(number, int) else "float"
    )
    return Literal(number, ValueType(NO_PLATES, (), dtype), span)


def _name(ctx: Context, name: tree.Name) -> Value | None:
    if name.id in ctx.sizes:
        return _dim(ctx, name)
    if name.id not in ctx.types:
        return _of_loop(ctx, name)
    ctx.use(name)
    type_ = ctx.types[name.id]
    if type_ is None:
        return None
    if not isinstance(type_, ValueType):
        raise Refused(name_words.distribution_as_value(name.span, name.id))
    return Reference(name.id, type_, name.span)


def _of_loop(ctx: Context, name: tree.Name) -> Value:
    """A counter, or ``alive``: what only a loop defines."""
    place = ctx.place
    if name.id in place.counters:
        ctx.use(name)
        return Counter(name.id, INT, name.span)
    if name.id == "alive" and place.alive is not None:
        type_ = ctx.types[place.alive]
        assert isinstance(type_, ValueType)
        return Reference(place.alive, type_, name.span)
    if name.id == "alive" and place.inside:
        return literal(True, name.span)
    raise ctx.refuse(name, "value")


def _dim(ctx: Context, name: tree.Name) -> Value | None:
    size = sizes.dim(ctx, name)
    if size is None:
        return None
    if size.value is None:
        return Extent(size, INT, name.span)
    return literal(size.value, name.span)


def _binary(ctx: Context, expression: tree.Binary) -> Value | None:
    left, right = value(ctx, expression.left), value(ctx, expression.right)
    if left is None or right is None:
        return None
    return operate(_BINARY[expression.op], (left, right), expression.span)


# --- choices -------------------------------------------------------------------------------------


def _conditional(ctx: Context, expression: tree.Conditional) -> Value | None:
    condition = value(ctx, expression.condition)
    if isinstance(condition, Literal):
        return _chosen(ctx, expression, bool(condition.value))
    then, otherwise = value(ctx, expression.then), value(ctx, expression.otherwise)
    if condition is None or then is None or otherwise is None:
        return None
    chosen = operate("where", (condition, then, otherwise), expression.span)
    if is_static(condition):
        return StaticChoice(condition, then, otherwise, chosen.type, expression.span)
    return chosen


def _chosen(ctx: Context, expression: tree.Conditional, holds: bool) -> Value | None:
    """The side that a condition known now selects; of the other one only names are looked at."""
    sides = (expression.then, expression.otherwise)
    aside = replace(ctx, problems=Problems())
    value(aside, sides[holds])
    for problem in aside.problems.found:
        if problem.stage == "names":
            ctx.problems.add(problem)
    return typed(ctx, sides[not holds])


def is_static(found: Value) -> bool:
    """Whether a value is made of numbers, dims and counters alone."""
    match found:
        case Literal() | Extent() | Counter():
            return True
        case Apply(operands=operands, settings=settings):
            return not settings and bool(operands) and all(map(is_static, operands))
        case _:
            return False
