"""The text of a story and places in it."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import field

from storchc.records import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The half-open range of characters ``[start, end)`` of a story file."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))

    def holds(self, other: Span) -> bool:
        """Whether the other one starts in here."""
        return self.start <= other.start < self.end


@dataclass(frozen=True, slots=True)
class Position:
    """A line and a column, both counted from 1, the column in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """One story file: its name as the user gave it, and its text (line ends are ``\\n``)."""

    name: str
    text: str
    _starts: array[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = array("I", (0,))
        starts.extend(found.end() for found in re.finditer("\n", self.text))
        object.__setattr__(self, "_starts", starts)

    def position(self, offset: int) -> Position:
        """Line and column of the character at ``offset``."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line ``number`` (from 1) without its line end."""
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end]

    def cut(self, span: Span) -> str:
        """The text under ``span``."""
        return self.text[span.start : span.end]
