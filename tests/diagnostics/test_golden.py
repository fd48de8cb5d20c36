"""Every golden case: a story that is wrong, and what is said about it."""

import re
from pathlib import Path

import pytest

from storchc.diagnostics.render import report
from storchc.driver import check_story

HERE = Path(__file__).parent
STORIES = sorted(HERE.glob("S*/story.*"))
INTERNAL = re.compile(r"Traceback|__ANON|\$END|\billegal\b", re.IGNORECASE)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.parent.name)
def test_golden(story: Path, request: pytest.FixtureRequest) -> None:
    result = check_story(story.name, story.read_bytes())
    text = report([(result.diagnostics, result.sources)])
    expected = story.with_name("expected.txt")
    if request.config.getoption("--accept"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert f"[{story.parent.name[:4]}]" in text
    assert not INTERNAL.search(text)
    assert all(diagnostic.help for diagnostic in result.diagnostics)
