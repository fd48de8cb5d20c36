"""Symbolic sizes as numbers, once those of the free dims are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from storchc.ir.size import Shape, Size


def number(size: Size, dims: Mapping[str, int]) -> int:
    """How many elements it is with these free dims."""
    return sum(
        count * prod(_factor(factor, dims) for factor in factors) for factors, count in size.terms
    )


def _factor(text: str, dims: Mapping[str, int]) -> int:
    """A free dim, or a quotient or sum of them, as the size has written it: `((D + 1) // (2))`."""
    return dims[text] if text in dims else int(eval(text, {"__builtins__": {}}, dict(dims)))


def numbers(shape: Shape, dims: Mapping[str, int]) -> tuple[int, ...]:
    """The sizes of a shape."""
    return tuple(number(size, dims) for size in shape)
