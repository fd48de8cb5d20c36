"""Text as a terminal shows it: tabs, wide and invisible characters, and lines too long to show."""

from __future__ import annotations

from storchc.records import dataclass

TAB = 4
WIDEST = 140
"""Longer lines are cut to this many cells around the place in question."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A line on a terminal: ``text`` to print, and the cell in which each character starts."""

    text: str
    starts: tuple[int, ...]

    def cell(self, column: int) -> int:
        """The cell of the character in ``column`` (from 1), or where it would follow the text."""
        return self.starts[min(column - 1, len(self.starts) - 1)]


def layout(line: str, focus: int = 1) -> Layout:
    """Lay out ``line``; what stands in column ``focus`` is shown even when the line is too long."""
    pieces = [_shown(char) for char in line]
    starts = [0]
    for char, piece in zip(line, pieces, strict=True):
        starts.append(starts[-1] + _width(char, piece))
    if starts[-1] <= WIDEST:
        return Layout("".join(pieces), tuple(starts))
    return _cut(pieces, starts, min(focus - 1, len(pieces)))


def _cut(pieces: list[str], starts: list[int], focus: int) -> Layout:
    """The cells around ``focus``, with ``…`` where something is left out."""
    left = max(0, min(starts[focus] - WIDEST // 3, starts[-1] - WIDEST + 1))
    first = next(i for i, start in enumerate(starts) if start >= left)
    last = max(i for i, start in enumerate(starts) if start <= starts[first] + WIDEST - 2)
    before, after = "…" * (first > 0), "…" * (last < len(pieces))
    shift = starts[first] - len(before)
    edge = starts[last] - shift
    text = before + "".join(pieces[first:last]) + after
    return Layout(text, tuple(max(0, min(start - shift, edge)) for start in starts))


def plain(text: str) -> str:
    """``text`` in one line and without control characters, those written as in Python's strings."""
    if text.isprintable():
        return text
    return "".join(map(_spelt, text))


def _spelt(char: str) -> str:
    if char.isprintable() or _combines(char):
        return char
    return char.encode("unicode_escape").decode("ascii")


def _shown(char: str) -> str:
    if char == "\t":
        return " " * TAB
    return char if char.isprintable() or _combines(char) else "\N{REPLACEMENT CHARACTER}"


def _width(char: str, piece: str) -> int:
    if char.isascii() or piece != char:
        return len(piece)
    from unicodedata import east_asian_width

    return 0 if _combines(char) else 1 + (east_asian_width(char) in "WF")


def _combines(char: str) -> bool:
    if char.isascii():
        return False
    from unicodedata import category

    return category(char) in ("Mn", "Me")
