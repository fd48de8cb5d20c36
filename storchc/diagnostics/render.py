"""Diagnostics as a person reads them: the fact, the place, the source with a caret, the mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from storchc.diagnostics.cells import layout, plain
from storchc.diagnostics.diagnostic import Diagnostic, DiagnosticLabel
from storchc.diagnostics.marks import Mark, Piece, rows
from storchc.records import dataclass
from storchc.source import Source

Sources = Mapping[str, Source]
"""The texts that diagnostics point into, by the name that ``Diagnostic.file`` has."""

SHOWN = 4
"""Of a place that covers more lines, the first ones and the last are shown."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The escape sequences of a terminal; all empty where there is none."""

    error: str = ""
    warning: str = ""
    frame: str = ""
    strong: str = ""
    end: str = ""

    def paint(self, color: str, text: str) -> str:
        """``text`` in one of the colours."""
        return f"{color}{text}{self.end}" if text else ""


PLAIN = Palette()
COLORS = Palette("\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m")


def report(files: Iterable[tuple[Sequence[Diagnostic], Sources]], palette: Palette = PLAIN) -> str:
    """The diagnostics of several stories, and how many there are in all; empty for none."""
    listed = list(files)
    blocks = [block for found, sources in listed for block in render(found, sources, palette)]
    count = summary(diagnostic for found, _ in listed for diagnostic in found)
    return "\n\n".join([*blocks, count]) + "\n" if blocks else ""


def render(
    found: Iterable[Diagnostic], sources: Sources, palette: Palette = PLAIN
) -> Iterator[str]:
    """Each diagnostic as a block of lines."""
    for diagnostic in found:
        yield _block(diagnostic, sources, palette)


def summary(found: Iterable[Diagnostic]) -> str:
    """``2 errors, 1 warning``."""
    severities = [diagnostic.severity for diagnostic in found]
    counts = [(word, severities.count(word)) for word in ("error", "warning")]
    return ", ".join(f"{n} {word}{'s' * (n != 1)}" for word, n in counts if n)


def _block(diagnostic: Diagnostic, sources: Sources, palette: Palette) -> str:
    color = palette.error if diagnostic.severity == "error" else palette.warning
    files = _marks(diagnostic, sources)
    margin = max(len(str(mark.line)) for marks in files.values() for mark in marks)
    head = palette.paint(color, f"{diagnostic.severity}[{diagnostic.code}]")
    lines = [head + palette.paint(palette.strong, f": {diagnostic.message}")]
    for file, marks in files.items():
        arrow = "-->" if file == diagnostic.file else ":::"
        lines.append(_place(arrow, file, marks, margin, palette))
        lines.append(_gutter("", margin, palette).rstrip(" "))
        lines.extend(_excerpt(sources[file], marks, margin, color, palette))
    if diagnostic.help:
        bar = palette.paint(palette.frame, f"{'':{margin + 2}}=")
        lines.append(bar + palette.paint(palette.strong, " help") + f": {diagnostic.help}")
    return "\n".join(lines)


def _place(arrow: str, file: str, marks: list[Mark], margin: int, palette: Palette) -> str:
    first = next((mark for mark in marks if mark.primary), marks[0])
    pointer = palette.paint(palette.frame, f"{'':{margin + 1}}{arrow}")
    return f"{pointer} {plain(file)}:{first.line}:{first.start}"


def _gutter(number: str, margin: int, palette: Palette) -> str:
    return palette.paint(palette.frame, f" {number:>{margin}} |") + " "


def _marks(diagnostic: Diagnostic, sources: Sources) -> dict[str, list[Mark]]:
    """The marks of a diagnostic by file, its own file first; columns in characters, from 1."""
    files = {diagnostic.file: _spread(sources[diagnostic.file], diagnostic, "", True)}
    for label in diagnostic.labels:
        marks = _spread(sources[label.file], label, label.text, False)
        files.setdefault(label.file, []).extend(marks)
    return files


def _spread(
    source: Source, place: Diagnostic | DiagnosticLabel, text: str, primary: bool
) -> list[Mark]:
    """One mark for each line that a place covers; a long stretch shows its first and last lines."""
    if place.line == place.end_line:
        return [Mark(place.line, place.column, place.end_column, text, primary)]
    numbers = list(range(place.line, place.end_line + 1))
    shown = numbers if len(numbers) <= SHOWN else [*numbers[: SHOWN - 1], numbers[-1]]
    marks = []
    for number in shown:
        line = source.line(number)
        indent = len(line) - len(line.lstrip())
        start = place.column if number == place.line else indent + 1
        end = place.end_column if number == place.end_line else len(line.rstrip()) + 1
        if start < end:
            marks.append(Mark(number, start, end, "", primary))
    return [*marks[:-1], replace(marks[-1], text=text)] if marks else [_first(place, text, primary)]


def _first(place: Diagnostic | DiagnosticLabel, text: str, primary: bool) -> Mark:
    return Mark(place.line, place.column, place.column, text, primary)


def _excerpt(
    source: Source, marks: list[Mark], margin: int, color: str, palette: Palette
) -> Iterator[str]:
    """The lines of the source that ``marks`` are in, each with what is underlined below it."""
    previous = None
    for number in sorted({mark.line for mark in marks}):
        if previous is not None and number == previous + 2:
            between = layout(source.line(number - 1)).text
            yield (_gutter(str(number - 1), margin, palette) + between).rstrip()
        elif previous is not None and number > previous + 2:
            yield palette.paint(palette.frame, "...")
        here = [mark for mark in marks if mark.line == number]
        yield from _annotated(source.line(number), here, margin, color, palette)
        previous = number


def _annotated(
    text: str, marks: list[Mark], margin: int, color: str, palette: Palette
) -> Iterator[str]:
    number = str(marks[0].line)
    focus = next((mark for mark in marks if mark.primary), marks[0])
    line = layout(text, focus.start)
    yield (_gutter(number, margin, palette) + line.text).rstrip()
    cells = [
        replace(
            mark, start=(start := line.cell(mark.start)), end=max(start + 1, line.cell(mark.end))
        )
        for mark in marks
    ]
    for row in rows(cells):
        yield _gutter("", margin, palette) + _painted(row, color, palette)


def _painted(row: list[Piece], color: str, palette: Palette) -> str:
    """Pieces side by side; what belongs to the place itself has the colour of the severity."""
    result, at = "", 0
    for piece in row:
        result += " " * (piece.start - at)
        result += palette.paint(color if piece.primary else palette.frame, piece.text)
        at = piece.start + len(piece.text)
    return result
