"""Shows diagnostics on standard error, in colour where a person looks at a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from storchc.diagnostics.render import COLORS, PLAIN, Palette, report
from storchc.driver import Result


def show(results: Iterable[Result]) -> None:
    """The diagnostics of all stories, and how many there are."""
    files = [(result.diagnostics, result.sources) for result in results]
    sys.stderr.write(report(files, palette()))
    sys.stderr.flush()


def palette() -> Palette:
    """Colours on a terminal, unless ``NO_COLOR`` is set or the terminal has none."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return COLORS if sys.stderr.isatty() and not plain else PLAIN
