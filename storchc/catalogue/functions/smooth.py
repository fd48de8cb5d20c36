"""How functions move with their operands: the rules that many rows share."""

from __future__ import annotations

from collections.abc import Callable

from storchc.catalogue.function import Smooth, Smoothness
from storchc.ir.expression import Apply
from storchc.ir.ranges import Range

In = Callable[[Range], Smoothness]
"""The smoothness in one operand, by where it lies."""


def always(*kinds: Smoothness) -> Smooth:
    """The same of every application, by operand; the last one of all further ones."""
    return lambda value, ranges: tuple(kinds[min(i, len(kinds) - 1)] for i in range(len(ranges)))


def by(*rules: In) -> Smooth:
    """By where each operand lies; the last rule of all further ones."""

    def smoothness(value: Apply, ranges: tuple[Range, ...]) -> tuple[Smoothness, ...]:
        return tuple(rules[min(i, len(rules) - 1)](r) for i, r in enumerate(ranges))

    return smoothness


def unmoved(operand: Range) -> Smoothness:
    """Smooth wherever it lies."""
    return "smooth"


def poles(*places: float) -> In:
    """Infinite where it is one of these."""
    return lambda operand: "pole" if any(map(operand.holds, places)) else "smooth"


def corners(*places: float, kind: Smoothness = "corner") -> In:
    """Bent at these, where it goes on at both sides of one."""

    def rule(operand: Range) -> Smoothness:
        crossed = (p for p in places if operand.low < p < operand.high and operand.holds(p))
        return "smooth" if next(crossed, None) is None else kind

    return rule


def touches(*places: float, kind: Smoothness = "corner") -> In:
    """Bent where it reaches one of these, as a root of a square is."""
    return lambda operand: kind if any(map(operand.holds, places)) else "smooth"


def steps(*places: float) -> In:
    """Jumps at these."""
    return touches(*places, kind="jump")


def counts(operand: Range) -> Smoothness:
    """Jumps everywhere, but for integers, which it leaves alone."""
    return "smooth" if operand.whole or operand.number is not None else "jump"


SMOOTH = always("smooth")
JUMPS = always("jump")
CORNERS = always("corner")
BENDS = always("bend")


def compared(value: Apply, ranges: tuple[Range, ...]) -> tuple[Smoothness, ...]:
    """Jumps where the two meet, if they ever do."""
    a, b = ranges
    kind: Smoothness = "smooth" if a.apart(b) or a.number == b.number is not None else "jump"
    return kind, kind


def overlapping(value: Apply, ranges: tuple[Range, ...]) -> tuple[Smoothness, ...]:
    """A corner where the two meet, as the larger of them has it."""
    a, b = ranges
    kind: Smoothness = "smooth" if a.high <= b.low or b.high <= a.low else "corner"
    return kind, kind
