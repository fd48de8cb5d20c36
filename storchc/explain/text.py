"""Small pieces of text that explanations are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

WIDTH = 96


def fact(label: str, text: str, indent: int = 2, column: int = 16) -> str:
    """``label`` and its text, which goes on below itself when it is long."""
    start = f"{'':{indent}}{label:<{column}}"
    return fill(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))


def facts(pairs: Iterable[tuple[str, str]], indent: int = 2) -> list[str]:
    """The facts that have a text, their texts below each other."""
    kept = [(label, text) for label, text in pairs if text]
    column = max((len(label) for label, _ in kept), default=0) + 2
    return [fact(label, text, indent, column) for label, text in kept]


def spoken(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def times(number: int) -> str:
    """``once``, ``10 times``."""
    return "once" if number == 1 else f"{number} times"


def counted(number: int, noun: str) -> str:
    """``1 draw``, ``10 draws``."""
    return f"{number} {noun}{'s' * (number != 1)}"
