"""What stands under a line of source: carets, dashes and the words that belong to them."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of one line to underline: from ``start`` to ``end``, with ``text`` beside it."""

    line: int
    start: int
    end: int
    text: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters in a row below the source, starting in cell ``start``."""

    start: int
    text: str
    primary: bool


def rows(marks: list[Mark]) -> Iterator[list[Piece]]:
    """The rows under a line: underlines first, then the words that found no room beside them."""
    last = max(marks, key=lambda mark: (mark.end, mark.start))
    underlines = _underlines(marks)
    if last.text:
        underlines.append(Piece(last.end + 1, last.text, last.primary))
    yield underlines
    hanging = [mark for mark in marks if mark.text and mark is not last]
    yield from _hanging(sorted(hanging, key=lambda mark: mark.start))


def _underlines(marks: list[Mark]) -> list[Piece]:
    """Runs of ``^`` and ``-``; where two marks overlap the place itself wins."""
    cells: dict[int, bool] = {}
    for mark in marks:
        for cell in range(mark.start, mark.end):
            cells[cell] = cells.get(cell, False) or mark.primary
    pieces: list[Piece] = []
    for cell in sorted(cells):
        primary = cells[cell]
        char = "^" if primary else "-"
        before = pieces[-1] if pieces else None
        if before and before.primary == primary and before.start + len(before.text) == cell:
            pieces[-1] = Piece(before.start, before.text + char, primary)
        else:
            pieces.append(Piece(cell, char, primary))
    return pieces


def _hanging(marks: list[Mark]) -> Iterator[list[Piece]]:
    """Each text on a row of its own, the rightmost first, joined to its mark by ``|``."""
    if marks:
        yield _bars(marks)
    while marks:
        mark = marks.pop()
        left = [other for other in marks if other.start < mark.start]
        yield [*_bars(left), Piece(mark.start, mark.text, mark.primary)]


def _bars(marks: list[Mark]) -> list[Piece]:
    return [Piece(start, "|", False) for start in sorted({mark.start for mark in marks})]
