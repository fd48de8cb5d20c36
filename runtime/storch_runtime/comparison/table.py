"""The words and columns of a comparison."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from textwrap import wrap
from typing import NamedTuple

__all__ = ["Line", "laid_out", "memory", "part", "percent", "spread", "wrapped"]

BEST = "<- best"
WIDTH = 96


class Line(NamedTuple):
    """A row of a table."""

    cells: tuple[str, ...]
    best: bool = False


def laid_out(lines: Iterable[Line]) -> list[str]:
    """Lines of text with their columns aligned: names to the left, numbers to the right."""
    listed = list(lines)
    widths = [
        max(map(len, column)) for column in zip(*(line.cells for line in listed), strict=True)
    ]
    text = []
    for line in listed:
        first, *others = line.cells
        padded = [first.ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        text.append("  ".join([*padded, *([BEST] if line.best else [])]).rstrip())
    return text


def wrapped(remarks: Iterable[str]) -> list[str]:
    """Remarks as lines that are not too long."""
    return [line for remark in remarks for line in wrap(remark, WIDTH, subsequent_indent="  ")]


def spread(value: float, error: float | None = None) -> str:
    """A variance, with its standard error in per cent where that is given: ``0.0312 ± 2 %``."""
    if isnan(value):
        return "-"
    if value == 0:
        return "0"
    if error is None or isnan(error):
        return f"{value:.3g}"
    return f"{value:.3g} ± {percent(error, value)}"


def part(length: float, whole: float) -> str:
    """A length as a part of a whole one, by itself where there is none."""
    return percent(length, whole) if whole > 0 else f"{length:.2g}"


def percent(value: float, whole: float) -> str:
    """Two figures will do."""
    ratio = 100 * value / whole if whole > 0 else float("nan")
    return f"{ratio:.0f} %" if ratio >= 9.95 else f"{ratio:.2g} %"


def memory(size: int | None) -> str:
    """Bytes in the unit that suits them."""
    if size is None:
        return "-"
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size = size / 1000  # type: ignore[assignment]
    return f"{size:.3g} GB"
