"""Docstrings and defaults: the places where text of a story stands in generated code."""

from __future__ import annotations

import math
import re

from storchc.ir.defaults import Argument, Arithmetic, Layer
from storchc.python.expressions import Atom, Py, Sequence, call, infix, literal, prefix

LONG = 100_000
"""Characters of a docstring whose lines stand as they are: padded, short ones take thrice that."""


def docstring(text: str, indent: int) -> tuple[str, ...]:
    """A docstring of this text; unless it is plain, as an escaped string of one line.

    It comes in pieces: that of a story may be so long that nobody wants to copy it once more.
    """
    pad = " " * indent
    plain = _printable(text)
    if not plain or "\\" in text or '"""' in text or text.endswith('"'):
        return (repr(text) if plain else ascii(text),)
    if "\n" not in text:
        return ('"""', text, '"""')
    return ('"""', text if len(text) > LONG else _indented(text, pad), f'\n{pad}"""')


def _printable(text: str) -> bool:
    """Whether all of ``text`` but its line ends is, looked at a piece at a time."""
    pieces = (text[start : start + LONG] for start in range(0, len(text), LONG))
    return all(piece.replace("\n", "").isprintable() for piece in pieces)


def _indented(text: str, pad: str) -> str:
    """``text`` with ``pad`` before all lines but the first and blank ones."""
    bare = re.sub(r"\n[^\S\n]+(?=\n|\Z)", "\n", text)
    moved = bare.replace("\n", f"\n{pad}")
    for _ in range(2):  # of several blank lines in a row the first time mends every other one
        moved = moved.replace(f"\n{pad}\n", "\n\n")
    return moved.removesuffix(pad) if moved.endswith(f"\n{pad}") else moved


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
