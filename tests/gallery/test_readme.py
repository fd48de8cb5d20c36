"""README shows a story and what becomes of it today; ``--accept`` brings it up to date."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

import storchc

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
STORY = ROOT / "specs" / "discrete_vae" / "discrete_vae.story"


def test_readme_shows_the_story_and_its_forward(request: pytest.FixtureRequest) -> None:
    shown = README.read_text(encoding="utf-8")
    code = storchc.compile(STORY)
    forward = textwrap.dedent(code[code.index("    def forward(") :])
    expected = replaced(shown, "story", "story", STORY.read_text(encoding="utf-8"))
    expected = replaced(expected, "generated", "python", forward)
    if request.config.getoption("--accept"):
        README.write_text(expected, encoding="utf-8")
    else:
        assert shown == expected


def replaced(text: str, marker: str, language: str, block: str) -> str:
    """The text with ``block`` behind the marker."""
    pattern = rf"(<!-- {marker} -->\n```{language}\n).*?(```\n)"
    result, count = re.subn(
        pattern, lambda match: match[1] + block + match[2], text, flags=re.DOTALL
    )
    assert count == 1, f"README has no block behind its marker <!-- {marker} -->"
    return result
