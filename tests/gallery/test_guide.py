"""The stories of the documentation compile, and README shows what the compiler writes today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import storchc

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```story\n(.*?)```", re.DOTALL)
GUIDE = BLOCK.findall((ROOT / "docs" / "guide.md").read_text())
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("text", GUIDE, ids=lambda text: text.split()[1])
def test_stories_of_the_guide(text: str) -> None:
    codes = [issue.code for issue in storchc.check(text=text)]
    assert codes == (["S402"] if text.startswith("story Broken") else [])


def test_there_are_stories() -> None:
    assert len(GUIDE) >= 6


def test_readme_shows_the_story_and_its_module() -> None:
    (story,) = BLOCK.findall(README)
    generated = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert generated is not None
    path = "specs/introduction/introduction.story"
    assert story == (ROOT / path).read_text()
    assert generated[1] == storchc.compile(ROOT / path)
