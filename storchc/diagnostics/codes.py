"""Every code with its short title, and where its page is."""

from __future__ import annotations

from pathlib import Path

from storchc.diagnostics import syntax

CODES: dict[str, str] = {**syntax.CODES}

PAGES = Path(__file__).parent / "pages"


def page(code: str) -> str:
    """The page about ``code``, in Markdown."""
    return (PAGES / f"{code}.md").read_text(encoding="utf-8")
