"""The most probable sequences, and draws from the others, in the loops of random stories.

Every choice of the reservoir is run, and held against the interpreter's reading of the story with
independent draws.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import note
from hypothesis import strategies as st

import storchc
from tests.certification.harness import Uncertified, case
from tests.certification.random.test_estimators import compare
from tests.exact.interpreter import TooManyWorlds
from tests.random_stories.loops import loop_stories
from tests.random_stories.running import on_each
from tests.random_stories.strategies import RandomStory

_DRAWN = re.compile(r"^( +sample z ~ .*) with ScoreFunction\(.*\)$", re.MULTILINE)

WAYS = (
    "SumAndSample(sum_size=0)",
    "SumAndSample(sum_size=1)",
    "SumAndSample(sum_size=3)",
    "SumAndSample(sum_size=1, sample_size=2)",
    "ScoreFunction(baseline=moving_average) using SumAndSample(sum_size=1)",
    "ScoreFunction(baseline=0.3 * h + 0.1) using SumAndSample(sum_size=1)",
    "ScoreFunction() using BeamSearch(k=8)",
)


def check(drawn: tuple[RandomStory, str], seen: Counter[str], limit: int) -> None:
    """Certify a story with its loop drawn in this way, or count why it was not."""
    story, way = drawn
    # draws that are chosen together may be joined by no reduction: it goes over the event instead
    whole = story.text.replace(", over=z)", ")")
    text = _DRAWN.sub(rf"\1 with {way}", whole)
    plain = _DRAWN.sub(r"\1 with ScoreFunction()", whole)
    below = "sample e" in text and "BeamSearch" in text  # one for each of many elements
    if text == plain or below or "for r in" in text:
        seen["other"] += 1
        return
    note(f"{text}\n{story.inputs}")
    this = case(text, story.inputs)
    try:
        model = this.model()
    except storchc.StoryError as error:
        seen.update({d.code for d in error.diagnostics if d.severity == "error"})
        seen["refused"] += 1
        return
    try:
        compare(this, model, plain, limit)
    except TooManyWorlds:
        seen["large"] += 1
    except Uncertified as error:
        if "more than" not in str(error):
            raise
        seen["large"] += 1
    else:
        seen["certified"] += 1


def many(examples: int, *, part: int, limit: int) -> None:
    """Compare ``examples`` random stories."""
    seen: Counter[str] = Counter()
    drawn = st.tuples(loop_stories(), st.sampled_from(WAYS))
    on_each(drawn, examples, part, lambda one: check(one, seen, limit))
    print(seen)
    assert seen["certified"] > 0.3 * seen.total(), seen


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
def test_sequences_of_random_loops() -> None:
    many(30, part=500, limit=30)


@pytest.mark.parametrize(
    "examples",
    [pytest.param(50, marks=pytest.mark.certify), pytest.param(150, marks=pytest.mark.certify_all)],
)
@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
def test_sequences_of_more_random_loops(examples: int) -> None:
    many(examples, part=501, limit=100)
