"""Walking the syntax tree, whatever its nodes are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from storchc.syntax import tree


def parts(node: object) -> Iterator[object]:
    """``node`` and everything in it, in the order in which it is written."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting += reversed(part)
            continue
        yield part
        kind: type = type(part)
        waiting += [getattr(part, name) for name in _fields(kind)]


def names(node: object) -> Iterator[tree.Name]:
    """Every name in a part of the syntax tree."""
    return (part for part in parts(node) if isinstance(part, tree.Name))


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """The fields with parts in them, last first; none of numbers, words and None."""
    fields = getattr(kind, "__dataclass_fields__", ())
    return tuple(name for name in reversed(fields) if name not in ("span", "header"))
