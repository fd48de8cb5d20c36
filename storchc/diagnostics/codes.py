"""Every code with its short title, and where its page is."""

from __future__ import annotations

from pathlib import Path

from storchc.diagnostics import (
    composed,
    credit,
    critics,
    draws,
    jumps,
    names,
    newcomers,
    paths,
    ranges,
    shapes,
    syntax,
    yaml_form,
)

_AREAS = (
    syntax,
    yaml_form,
    names,
    shapes,
    ranges,
    composed,
    paths,
    critics,
    draws,
    jumps,
    credit,
    newcomers,
)
CODES: dict[str, str] = dict(
    sorted((code, title) for area in _AREAS for code, title in area.CODES.items())
)

PAGES = Path(__file__).parent / "pages"


def page(code: str) -> str:
    """The page about ``code``, in Markdown."""
    return (PAGES / f"{code}.md").read_text(encoding="utf-8")
