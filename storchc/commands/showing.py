"""Shows diagnostics on standard error, in colour where a person looks at a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from storchc.driver import Result


def show(results: Iterable[Result]) -> None:
    """The diagnostics of all stories, and how many there are."""
    files = [(result.diagnostics, result.sources) for result in results if result.diagnostics]
    if not files:
        return
    from storchc.diagnostics.render import COLORS, PLAIN, report  # most runs have nothing to draw

    sys.stderr.write(report(files, COLORS if _colored() else PLAIN))
    sys.stderr.flush()


def _colored() -> bool:
    """Whether a terminal shows colours and ``NO_COLOR`` does not ask for none."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stderr.isatty() and not plain
