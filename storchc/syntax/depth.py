"""Finds what nests too deeply, before any later stage walks the tree by recursion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from storchc.source import Span


def too_deep(node: Any, limit: int) -> Span | None:
    """The place of the first node below ``limit`` levels, found without recursion."""
    waiting = [(node, 0)]
    while waiting:
        here, depth = waiting.pop()
        if depth > limit:
            place: Span = here.span
            return place
        waiting.extend((child, depth + 1) for child in _children(here))
    return None


def _children(node: Any) -> Iterator[Any]:
    parts = node if isinstance(node, tuple) else (getattr(node, f.name) for f in fields(node))
    for part in parts:
        if isinstance(part, tuple):
            yield from part
        elif is_dataclass(part) and not isinstance(part, Span):
            yield part
