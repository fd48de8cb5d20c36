"""The text of a story and places in it."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import field
from itertools import islice

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


_STRIDE = 64  # lines: where each of them starts would be more to keep than a text of short ones


@dataclass(frozen=True)
class Source:
    """One story file: its name as the user gave it, and its text (line ends are ``\\n``).

    Of every so many lines it is kept where they start; the others are counted from there.
    """

    name: str
    text: str
    _starts: array[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = array("I", (0,))
        ends = islice(re.finditer("\n", self.text), _STRIDE - 1, None, _STRIDE)
        starts.extend(found.end() for found in ends)
        object.__setattr__(self, "_starts", starts)

    def position(self, offset: int) -> Position:
        """Line and column of the character at ``offset``."""
        block = bisect_right(self._starts, offset) - 1
        start = self._starts[block]
        line = block * _STRIDE + self.text.count("\n", start, offset) + 1
        return Position(line, offset - max(start, self.text.rfind("\n", start, offset) + 1) + 1)

    def line(self, number: int) -> str:
        """The text of line ``number`` (from 1) without its line end."""
        block, further = divmod(number - 1, _STRIDE)
        start = self._starts[block]
        for _ in range(further):
            start = self.text.index("\n", start) + 1
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end]

    def cut(self, span: Span) -> str:
        """The text under ``span``."""
        return self.text[span.start : span.end]
