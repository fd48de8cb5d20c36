"""Every code with its short title, and where its page is."""

from __future__ import annotations

from pathlib import Path

from storchc.diagnostics import syntax, yaml_form

CODES: dict[str, str] = {**syntax.CODES, **yaml_form.CODES}

PAGES = Path(__file__).parent / "pages"


def page(code: str) -> str:
    """The page about ``code``, in Markdown."""
    return (PAGES / f"{code}.md").read_text(encoding="utf-8")
