"""How the work of the compiler grows, by the calls that it makes: no clock, so no noise."""

from __future__ import annotations

import cProfile
import math
from collections.abc import Callable

import pytest

from storchc.driver import Result, compile_story
from tests.bench import compiling

SIZES: dict[Callable[[int], str], tuple[int, int]] = {
    compiling.lines: (40, 80),
    compiling.apart: (20, 40),
    compiling.costs: (30, 60),
    compiling.values: (50, 100),
    compiling.ring: (15, 30),
    compiling.nested: (4, 8),
    compiling.row: (10, 20),
    compiling.numbers: (500, 1000),
}


def calls(stage: Callable[[str, bytes], Result], text: str) -> int:
    """How many calls of functions a stage makes for a story."""
    stage("<warm-up>", text.encode())
    profile = cProfile.Profile()
    result = profile.runcall(stage, "<counted>", text.encode())
    assert not result.failed
    return sum(entry.callcount for entry in profile.getstats())


def exponent(size: tuple[int, int], measured: tuple[int, int]) -> float:
    """The slope of the logarithm of what is measured over that of the size."""
    return math.log(measured[1] / measured[0]) / math.log(size[1] / size[0])


@pytest.mark.parametrize("stage", compiling.STAGES.values(), ids=compiling.STAGES)
@pytest.mark.parametrize("story", SIZES, ids=lambda story: story.__name__)
def test_the_work_grows_with_the_story(
    story: Callable[[int], str], stage: Callable[[str, bytes], Result]
) -> None:
    small, large = SIZES[story]
    few, many = (calls(stage, story(size)) for size in (small, large))
    assert exponent((small, large), (few, many)) < 1.2


@pytest.mark.parametrize("story", [compiling.apart, compiling.row], ids=["apart", "row"])
def test_the_text_grows_with_the_story(story: Callable[[int], str]) -> None:
    """The n-th value has n plates, of which one is its own."""
    texts = (compile_story("<bench>", story(size).encode()).code for size in (40, 80))
    small, large = (len(text) for text in texts if text is not None)
    assert exponent((40, 80), (small, large)) < 1.05
