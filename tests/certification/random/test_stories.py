"""Compiled stories against the exact interpreter, on hundreds of random ones."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import note
from hypothesis.strategies import SearchStrategy

import storchc
from storchc.driver import check_story
from storchc.program import storage
from tests.certification.harness import case, certify
from tests.random_stories.memory import keepers, watched
from tests.random_stories.remembering import remembering_stories
from tests.random_stories.running import on_each
from tests.random_stories.strategies import RandomStory, stories

PURE = stories()


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
    functions = keepers(story.text)
    this = case(story.text, story.inputs, **functions)
    try:
        model = watched(this.model(), functions)
    except storchc.StoryError as error:
        seen.update({d.code for d in error.diagnostics if d.severity == "error"})
        seen["refused"] += 1
        return
    if multiplies(story.text):
        seen["multiplies"] += 1
        return
    certify(this, model=model, hessian=hessian and model.order is None, tolerance=1e-8)
    seen["certified"] += 1


def many(
    examples: int,
    of: SearchStrategy[RandomStory] = PURE,
    *,
    part: int = 0,
    hessian: bool = False,
    share: float = 0.8,
) -> None:
    """Compare ``examples`` random stories; this share of them must be right."""
    seen: Counter[str] = Counter()
    on_each(of, examples, part, lambda story: compare(story, seen, hessian=hessian))
    assert seen["certified"] > share * (seen["certified"] + seen["refused"]), seen


def test_compiled_stories_agree_with_the_interpreter() -> None:
    many(120)


def test_plates_without_a_dimension_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What long chains do to plates of size 1, done to every story."""
    monkeypatch.setattr(storage, "DEEPEST", 0)
    many(40)


def test_functions_with_a_memory() -> None:
    many(40, stories(stateful=True), part=300, share=0.65)


def test_what_is_kept_in_mind_moves_with_all_that_was_seen() -> None:
    many(80, remembering_stories(), part=301, share=0.6)


@pytest.mark.certify
@pytest.mark.parametrize("part", range(2))
def test_more_functions_with_a_memory(part: int) -> None:
    many(400, stories(stateful=True), part=310 + part, hessian=True, share=0.7)
    many(400, remembering_stories(), part=320 + part, hessian=True, share=0.6)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(part, marks=pytest.mark.certify if part < 2 else pytest.mark.certify_all)
        for part in range(4)
    ],
)
def test_more_compiled_stories_agree_to_second_order(part: int) -> None:
    many(500, part=1 + part, hessian=True)


@pytest.mark.certify
@pytest.mark.parametrize("part", range(2))
def test_more_plates_without_a_dimension_change_nothing(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "DEEPEST", 0)
    many(400, part=101 + part)
