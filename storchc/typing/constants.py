"""Numbers that are known when the story is compiled."""

from __future__ import annotations

from storchc.ir.expression import Literal, Setting
from storchc.syntax import tree
from storchc.typing import expressions
from storchc.typing.context import Context


def constant(ctx: Context, expression: tree.Expression) -> int | float | bool | None:
    """The number or truth value that an expression is, or None when it is none known now."""
    if isinstance(expression, tree.Number):
        return expression.value
    if isinstance(expression, tree.ListOf | tree.Text):
        return None
    value = expressions.typed(ctx, expression)
    return value.value if isinstance(value, Literal) else None


def number(ctx: Context, expression: tree.Expression) -> int | float | None:
    """The number that an expression is, or None when it is none known now."""
    value = constant(ctx, expression)
    return None if isinstance(value, bool) else value


def integer(ctx: Context, expression: tree.Expression) -> int | None:
    """The integer that an expression is, or None when it is none known now."""
    value = constant(ctx, expression)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def nested_numbers(ctx: Context, expression: tree.Expression) -> Setting:
    """Numbers in nested lists as nested tuples; None when anything else is among them."""
    if not isinstance(expression, tree.ListOf):
        return constant(ctx, expression)
    items = tuple(nested_numbers(ctx, item) for item in expression.items)
    return None if None in items or not items else items
