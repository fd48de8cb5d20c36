"""``docs/life-of-a-cost.md``: what it says that is printed is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storchc.debug.stages import run

PAGE = (Path(__file__).parents[2] / "docs/life-of-a-cost.md").read_text("utf-8")
COMMAND = "python -m storchc.debug chooser.story --after "
(STORY,) = re.findall(r"```story\n(.*?)```", PAGE, re.DOTALL)
PRINTED = re.findall(rf"```console\n\$ {COMMAND}(\w+)\n(.*?)```", PAGE, re.DOTALL)


def holds(text: str, printed: str) -> bool:
    """Whether ``printed`` is all of a text, but for what ``…`` stands for."""
    parts = map(re.escape, re.split(r"^…\n", printed, flags=re.MULTILINE))
    return re.fullmatch("(?:.*\n)*?".join(parts), text) is not None


@pytest.mark.parametrize(("phase", "printed"), PRINTED)
def test_what_is_printed(phase: str, printed: str) -> None:
    text = run(phase, "chooser.story", STORY.encode(), {}).text
    assert holds(text, printed), text


def test_every_stage_has_its_part() -> None:
    assert [phase for phase, _ in PRINTED] == [
        "tree", "typed", "dependence", "resolved", "credit", "lowered", "program", "python"
    ]  # fmt: skip
    assert PAGE.count("```console") == len(PRINTED)


def test_a_page_that_is_wrong() -> None:
    assert holds("a\nb\nc\n", "a\n…\nc\n")
    assert not holds("a\nb\nc\n", "a\nc\n")
    assert not holds("a\nb\nc\n", "a\n…\nd\n")
