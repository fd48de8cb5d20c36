"""The stories of the guide compile, but for the one that must not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import storchc

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```story\n(.*?)```", re.DOTALL)
GUIDE = BLOCK.findall((ROOT / "docs" / "guide.md").read_text())


@pytest.mark.parametrize("text", GUIDE, ids=lambda text: text.split()[1])
def test_stories_of_the_guide(text: str) -> None:
    codes = [issue.code for issue in storchc.check(text=text)]
    assert codes == (["S402"] if text.startswith("story Broken") else [])


def test_there_are_stories() -> None:
    assert len(GUIDE) >= 6
