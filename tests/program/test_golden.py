"""Every golden case: a story, and its program behind a pass, in the folder ``PASS-what``."""

from pathlib import Path

import pytest

from storchc.debug.program import show_program
from storchc.debug.stages import run
from tests.program.programs import STORIES as STORIES_OF_THE_HOUSE
from tests.program.programs import known

HERE = Path(__file__).parent / "golden"
STORIES = sorted(HERE.glob("*/story.story"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.parent.name)
def test_golden(story: Path, request: pytest.FixtureRequest) -> None:
    phase = story.parent.name.partition("-")[0]
    made = run(phase, story.name, story.read_bytes(), {})
    assert made.text, made.before.diagnostics
    expected = story.with_name("expected.txt")
    if request.config.getoption("--accept"):
        expected.write_text(made.text, encoding="utf-8")
    assert made.text == expected.read_text(encoding="utf-8")


def test_every_operation_has_a_text() -> None:
    told = [known(file.read_text("utf-8")) for file in STORIES_OF_THE_HOUSE]
    lines = [line for story in told if story for line in show_program(story.estimation, "program")]
    assert len(lines) > 500
    assert not [line for line in lines if "Slot(" in line or "object at" in line]
