"""How the work of the compiler grows, by the calls that it makes: no clock, so no noise."""

from __future__ import annotations

import cProfile
import math
from collections.abc import Callable

import pytest

from storchc.driver import Result, check_story, compile_story
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


def calls(stage: Callable[[str, bytes], Result], text: str) -> tuple[int, Result]:
    """How many calls of functions a stage makes for a story."""
    stage("<warm-up>", text.encode())
    profile = cProfile.Profile()
    result = profile.runcall(stage, "<counted>", text.encode())
    assert not result.failed
    return sum(entry.callcount for entry in profile.getstats()), result


@pytest.mark.parametrize("story", SIZES, ids=lambda story: story.__name__)
def test_a_check_grows_with_its_story(story: Callable[[int], str]) -> None:
    small, large = SIZES[story]
    few, many = (calls(check_story, story(size))[0] for size in (small, large))
    assert math.log(many / few) / math.log(large / small) < 1.2


def test_a_chain_with_a_plate_each_is_compiled_in_proportion_to_what_is_written() -> None:
    """The n-th value has n plates: n² names are written in all, for values and for costs."""
    found = []
    for size in (15, 30, 60):
        made, result = calls(compile_story, compiling.apart(size))
        assert result.code is not None
        assert sum(result.code.count(f'"z{index}"') for index in range(size)) > size**2
        found.append(made / len(result.code))
    assert found[2] < found[1] < found[0]
