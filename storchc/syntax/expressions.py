"""Builds expressions while the parser runs: one method for each rule of the grammar.

The parser calls these as it reduces, so nothing here recurses, however deep the text nests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problem
from storchc.source import Span
from storchc.syntax import tree
from storchc.syntax.lalr import Token

_ESCAPES = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r", "'": "'", '"': '"'}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Mistake(Exception):
    """Carries a problem out of the parser when a phrase is wrong although the grammar fits."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def around(*parts: Any) -> Span:
    """From the first part that is there to the last."""
    there = [part for part in parts if part is not None]
    return Span(there[0].span.start, there[-1].span.end)


def named(token: Token) -> tree.Name:
    """A name of plain letters."""
    if not token.text.isascii():
        raise Mistake(words.name_not_ascii(token.span, token.text))
    return tree.Name(token.text, token.span)


def present(items: Sequence[Any]) -> tuple[Any, ...]:
    """The items without what is absent."""
    return tuple(item for item in items if item is not None)


class Expressions:
    """The callbacks. Children that the grammar marks optional are None when they are absent."""

    def variable(self, children: list[Token]) -> tree.Name:
        """``x``."""
        return named(children[0])

    def number(self, children: list[Token]) -> tree.Number:
        """``3``, ``1_000``, ``.5``, ``1e-3``."""
        text = children[0].text.replace("_", "")
        value = int(text) if text.isdigit() and len(text) < 30 else float(text)
        if math.isinf(value) or (text.isdigit() and value >= 2**63):
            raise Mistake(words.number_too_large(children[0].span))
        return tree.Number(value, children[0].span)

    def constant(self, children: list[Token]) -> tree.Constant:
        """``true false none inf pi``."""
        return tree.Constant(cast(Any, children[0].text), children[0].span)

    def text(self, children: list[Token]) -> tree.Text:
        """``"ij,j->i"``."""
        span = children[0].span

        def plain(match: re.Match[str]) -> str:
            if match[1] in _ESCAPES:
                return _ESCAPES[match[1]]
            place = span.start + 1 + match.start()
            raise Mistake(words.unknown_escape(Span(place, place + 2), match[0]))

        return tree.Text(_ESCAPE.sub(plain, children[0].text[1:-1]), span)

    def unary(self, children: list[Any]) -> tree.Unary:
        """``-x``."""
        return tree.Unary(cast(Any, children[0].text), children[1], around(*children))

    def binary(self, children: list[Any]) -> tree.Binary:
        """``a + b``."""
        left, operator, right = children
        return tree.Binary(operator.text, left, right, Span(left.span.start, right.span.end))

    def conditional(self, children: list[Any]) -> tree.Conditional:
        """``a if c else b``."""
        then, condition, otherwise = children
        return tree.Conditional(then, condition, otherwise, around(*children))

    def group(self, children: list[Any]) -> Any:
        """``(a)``: the value itself, its place with the parentheses."""
        return replace(children[1], span=around(*children))

    def call(self, children: list[Any]) -> tree.Call:
        """``f(x, dim=1)``."""
        function = _callee(children[0])
        return call_of(function, children[2:-1], around(function, children[-1]))

    def keyword(self, children: list[Any]) -> tree.Keyword:
        """``dim=1``."""
        return tree.Keyword(named(children[0]), children[1], around(*children))

    def index(self, children: list[Any]) -> tree.Index:
        """``z[0, 1:3]``."""
        return tree.Index(children[0], present(children[2:-1]), around(*children))

    def attribute(self, children: list[Any]) -> tree.Attribute:
        """``q.probs``."""
        return tree.Attribute(children[0], named(children[1]), around(*children))

    def list_of(self, children: list[Any]) -> tree.ListOf:
        """``[a, b]``."""
        return tree.ListOf(present(children[1:-1]), around(*children))

    def slice(self, children: list[Any]) -> tree.Slice:
        """``1:3``; of the children the colons are the second and the fourth."""
        start, _, stop, _, step = children
        return tree.Slice(start, stop, step, around(*children))

    def dots(self, children: list[Token]) -> tree.Dots:
        """``...``."""
        return tree.Dots(children[0].span)


def _callee(value: tree.Expression) -> tree.Name:
    """The name that is called; ``nn.Linear`` is a single dotted one."""
    parts: list[str] = []
    inner = value
    while isinstance(inner, tree.Attribute):
        parts.append(inner.name.id)
        inner = inner.value
    if isinstance(inner, tree.Constant) and not parts:
        raise Mistake(words.call_of_constant(value.span, inner.id))
    if not isinstance(inner, tree.Name):
        raise Mistake(words.call_of_value(value.span, parts[0] if parts else None))
    return tree.Name(".".join([inner.id, *reversed(parts)]), value.span)


def call_of(function: tree.Name, arguments: list[Any], span: Span) -> tree.Call:
    """A call with its arguments sorted into those without a name and those with one."""
    given = present(arguments)
    keywords = tuple(item for item in given if isinstance(item, tree.Keyword))
    args = given[: len(given) - len(keywords)]
    seen: dict[str, Span] = {}
    for item in given:
        if isinstance(item, tree.Keyword):
            if item.name.id in seen:
                place = item.name.span
                raise Mistake(words.repeated_argument(place, item.name.id, seen[item.name.id]))
            seen[item.name.id] = item.name.span
        elif seen:
            raise Mistake(words.positional_after_keyword(item.span))
    return tree.Call(function, args, keywords, span)
