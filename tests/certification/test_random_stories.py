"""Compiled stories against the exact interpreter, on hundreds of random ones."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, note, settings

import storchc
from tests.certification.harness import case, certify
from tests.stories.strategies import RandomStory, stories

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def compare(story: RandomStory, seen: Counter[str]) -> None:
    """Certify one story, or count it as refused."""
    note(f"{story.text}\n{story.inputs}")
    this = case(story.text, story.inputs)
    try:
        model = this.model()
    except storchc.StoryError as error:
        seen.update({d.code for d in error.diagnostics if d.severity == "error"})
        seen["refused"] += 1
        return
    certify(this, model=model)
    seen["certified"] += 1


def many(examples: int, *, derandomize: bool) -> Counter[str]:
    """Compare ``examples`` random stories."""
    seen: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=derandomize,
        database=None,
        suppress_health_check=CHECKS,
    )
    @given(stories())
    def run(story: RandomStory) -> None:
        compare(story, seen)

    run()
    return seen


def test_compiled_stories_agree_with_the_interpreter() -> None:
    seen = many(300, derandomize=True)
    assert seen["certified"] > 0.6 * (seen["certified"] + seen["refused"]), seen


@pytest.mark.certify
def test_more_compiled_stories_agree_with_the_interpreter() -> None:
    seen = many(1500, derandomize=False)
    assert seen["certified"] > 0.6 * (seen["certified"] + seen["refused"]), seen
