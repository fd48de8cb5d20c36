"""The stories of the guide compile, but for the one that must not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import storchc

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(story|yaml)\n(.*?)```", re.DOTALL)
BLOCKS = BLOCK.findall((ROOT / "docs" / "guide.md").read_text())
GUIDE = [text for language, text in BLOCKS if language == "story"]
DATA = [text for language, text in BLOCKS if language == "yaml"]


@pytest.mark.parametrize("text", GUIDE, ids=lambda text: text.split()[1])
def test_stories_of_the_guide(text: str) -> None:
    codes = [issue.code for issue in storchc.check(text=text)]
    assert codes == (["S402"] if text.startswith("story Broken") else [])


@pytest.mark.parametrize("text", DATA, ids=lambda text: text.split()[1])
def test_stories_as_data(text: str, tmp_path: Path) -> None:
    story = tmp_path / "story.yaml"
    story.write_text(text)
    assert storchc.check(story) == []


def test_the_story_of_a_page_is_that_of_the_gallery() -> None:
    page = (ROOT / "docs" / "language-models.md").read_text()
    [(_, shown)] = BLOCK.findall(page)
    story = (ROOT / "specs" / "language_model" / "language_model.story").read_text()
    assert shown == re.sub(r'""".*"""\n', "", story)


def test_there_are_stories() -> None:
    assert (len(GUIDE) >= 8, len(DATA)) == (True, 1)
