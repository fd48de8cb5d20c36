"""Stories as programs."""

from __future__ import annotations

from pathlib import Path

from storchc.driver import check_story
from storchc.lower.plates import StoryStoring, inputs
from storchc.lower.program import Program, passed
from storchc.lower.story import Story, story_of
from storchc.program.verify import verify

ROOT = Path(__file__).parents[2]
STORIES = [
    *sorted((ROOT / "tests/golden").glob("*/story.story")),
    *sorted((ROOT / "specs").rglob("*.story")),
]


def known(text: str) -> Story | None:
    """What is known of a story; None where it is refused."""
    result = check_story("story.story", text.encode())
    if result.failed or result.estimation is None:
        return None
    return story_of(result.estimation.written.graph, result.estimation)


def told(text: str) -> Story:
    """What is known of a story that is not refused."""
    story = known(text)
    assert story is not None
    return story


def hold(story: Story, program: Program) -> None:
    """Raises `BrokenProgram` where a program of a story does not hold together."""
    verify(story.drawn, StoryStoring(story), inputs(story), program)


def after(name: str, story: Story) -> Program:
    """The program behind a pass."""
    return dict(passed(story))[name]
