"""The story line of an exception that a generated module raises."""

from __future__ import annotations

import linecache
import re
from types import TracebackType

__all__ = ["add_story_line"]

_PLACE = re.compile(r"^\s*#\s*(?P<place>\S+:\d+)\b")
_NAMED = re.compile(r"^\S+:\d+: ")


def add_story_line(error: BaseException, filename: str) -> None:
    """Note the story line at which ``error`` left the generated file ``filename``.

    A generated module names the story line in a comment above each block; the nearest one above the
    line that raised is noted, unless the message names a place itself.
    """
    line = _raising_line(error.__traceback__, filename)
    if line is None or _NAMED.match(str(error)):
        return
    place = _place_above(linecache.getlines(filename), line)
    if place is not None:
        error.add_note(f"in the story at {place}")


def _raising_line(trace: TracebackType | None, filename: str) -> int | None:
    """The innermost line of ``filename`` that the exception went through."""
    found = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _place_above(lines: list[str], line: int) -> str | None:
    for text in reversed(lines[:line]):
        named = _PLACE.match(text)
        if named:
            return named["place"]
        if text.lstrip().startswith(("#", "def ")):
            return None
    return None
