"""Compiled stories with loops against the exact interpreter, on hundreds of random ones."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import note

import storchc
from storchc.program import storage
from tests.certification.harness import case, certify
from tests.exact.interpreter import TooManyWorlds
from tests.random_stories.loops import loop_stories
from tests.random_stories.memory import keepers, watched
from tests.random_stories.running import on_each
from tests.random_stories.strategies import RandomStory


def to_the_end(model: Any) -> None:
    """Let a loop run all its steps, so that all worlds can be run at once."""
    vars(sys.modules[type(model).__module__])["all_stopped"] = lambda alive: False


def compare(story: RandomStory, seen: Counter[str], *, hessian: bool) -> None:
    """Certify one story, or count it as refused or too large."""
    note(f"{story.text}\n{story.inputs}")
    functions = keepers(story.text)
    this = case(story.text, story.inputs, **functions)
    try:
        model = watched(this.model(), functions)
    except storchc.StoryError as error:
        seen.update({d.code for d in error.diagnostics if d.severity == "error"})
        seen["refused"] += 1
        return
    to_the_end(model)
    try:
        certify(this, model=model, hessian=hessian, tolerance=1e-8)
    except TooManyWorlds:
        seen["large"] += 1
        return
    seen["certified"] += 1


def many(examples: int, *, part: int = 0, hessian: bool = False, stateful: bool = False) -> None:
    """Compare ``examples`` random stories."""
    seen: Counter[str] = Counter()
    drawn = loop_stories(stateful)
    on_each(drawn, examples, part, lambda story: compare(story, seen, hessian=hessian))
    print(seen)
    assert seen["certified"] > 0.5 * seen.total(), seen


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
def test_compiled_loops_agree_with_the_interpreter() -> None:
    many(40)


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
def test_functions_with_a_memory() -> None:
    many(30, part=60, stateful=True)


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
def test_plates_without_a_dimension_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "DEEPEST", 0)
    many(20, part=50)


@pytest.mark.certify
@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize("part", range(3))
def test_more_compiled_loops_agree_to_second_order(part: int) -> None:
    many(250, part=1 + part, hessian=True)


@pytest.mark.certify
@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
def test_more_functions_with_a_memory() -> None:
    many(250, part=61, hessian=True, stateful=True)
