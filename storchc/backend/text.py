"""Docstrings and defaults: the places where text of a story stands in generated code."""

from __future__ import annotations

import math

from storchc.ir.defaults import Argument, Arithmetic, Layer
from storchc.python.expressions import Atom, Py, Sequence, call, infix, literal, prefix


def docstring(text: str, indent: int) -> str:
    """A docstring of this text; unless it is plain, as an escaped string of one line."""
    pad = " " * indent
    plain = all(c.isprintable() or c == "\n" for c in text)
    if not plain or "\\" in text or '"""' in text or text.endswith('"'):
        return repr(text) if plain else ascii(text)
    lines = text.split("\n")
    body = "\n".join([lines[0], *(f"{pad}{line}" if line.strip() else "" for line in lines[1:])])
    return f'"""{body}\n{pad}"""' if len(lines) > 1 else f'"""{body}"""'


def default(argument: Argument) -> Py:
    """A module's default: calls of ``torch.nn`` classes, and constants."""
    match argument:
        case Layer():
            named = {keyword: default(value) for keyword, value in argument.keywords}
            return call(f"nn.{argument.name}", *map(default, argument.arguments), **named)
        case Arithmetic(op, operands):
            parts = map(default, operands)
            return prefix(op, *parts) if len(operands) == 1 else infix(op, *parts)
        case tuple():
            return Sequence("[]", tuple(map(default, argument)))
        case _ if argument == math.pi:
            return Atom("math.pi")
        case _:
            return literal(argument)
