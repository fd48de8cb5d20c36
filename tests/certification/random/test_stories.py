"""Compiled stories against the exact interpreter, on hundreds of random ones."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import note

import storchc
from storchc.backend import storage
from storchc.driver import check_story
from tests.certification.harness import case, certify
from tests.random_stories.running import on_each
from tests.random_stories.strategies import RandomStory, stories


def multiplies(text: str) -> bool:
    """Whether importance weights are multiplied over a plate that a cost still has.

    The interpreter multiplies over plates that a value has lost; test_rules.py proves the rest.
    """
    result = check_story("random.story", text.encode())
    assert result.graph is not None and result.estimation is not None
    carried, estimators = result.estimation.carried.costs, result.estimation.estimators
    plates = {c.name: c.value.type.plates for c in result.graph.costs}
    return any(
        estimators[sample].weighted and mixed & plates[cost]
        for cost, samples in carried.items()
        for sample, mixed in samples.items()
    )


def compare(story: RandomStory, seen: Counter[str], *, hessian: bool) -> None:
    """Certify one story, or count it as refused."""
    note(f"{story.text}\n{story.inputs}")
    this = case(story.text, story.inputs)
    try:
        model = this.model()
    except storchc.StoryError as error:
        seen.update({d.code for d in error.diagnostics if d.severity == "error"})
        seen["refused"] += 1
        return
    if multiplies(story.text):
        seen["multiplies"] += 1
        return
    certify(this, model=model, hessian=hessian and model.order is None, tolerance=1e-8)
    seen["certified"] += 1


def many(examples: int, *, part: int = 0, hessian: bool = False) -> None:
    """Compare ``examples`` random stories; most of them must be right."""
    seen: Counter[str] = Counter()
    on_each(stories(), examples, part, lambda story: compare(story, seen, hessian=hessian))
    assert seen["certified"] > 0.8 * (seen["certified"] + seen["refused"]), seen


def test_compiled_stories_agree_with_the_interpreter() -> None:
    many(250)


def test_plates_without_a_dimension_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What long chains do to plates of size 1, done to every story."""
    monkeypatch.setattr(storage, "DEEPEST", 0)
    many(80)


@pytest.mark.certify
@pytest.mark.parametrize("part", range(4))
def test_more_compiled_stories_agree_to_second_order(part: int) -> None:
    many(500, part=1 + part, hessian=True)


@pytest.mark.certify
@pytest.mark.parametrize("part", range(2))
def test_more_plates_without_a_dimension_change_nothing(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "DEEPEST", 0)
    many(400, part=101 + part)
