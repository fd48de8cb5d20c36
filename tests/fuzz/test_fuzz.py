"""Broken stories end in diagnostics, whatever is broken; what compiles can be imported."""

from __future__ import annotations

from random import Random

import pytest

from storchc.driver import check_story
from tests.fuzz.mutation import mutated, seeds
from tests.fuzz.trial import attempt

CALM = "{}story Calm\nparam m = 0.0\nsample z ~ Normal(m, 1)\ncost c = {}\n"


@pytest.mark.parametrize("seed", range(2))
def test_mutated_stories(seed: int) -> None:
    stories, random = seeds(), Random(seed)
    compiled = sum(attempt(mutated(stories, random)).code is not None for _ in range(1000))
    assert compiled > 20


def test_mutated_sound_stories() -> None:
    sound = [s for s in seeds() if not check_story("a.story", s.encode()).failed]
    random = Random(0)
    compiled = sum(attempt(mutated(sound, random)).code is not None for _ in range(1000))
    assert compiled > 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n",
        "\ufeff",
        "story",
        CALM.format("", "(" * 5000 + "z" + ")" * 5000),
        CALM.format("", "[" * 5000),
        CALM.format("", "-" * 5000 + "z"),
        CALM.format("", "z**" * 5000 + "z"),
        CALM.format("", "z + " * 5000 + "z"),
        CALM.format("", "z if z > 0 else " * 5000 + "z"),
        CALM.format("", "z" + "[0]" * 5000),
        CALM.format("", "z" + ".a" * 5000),
        CALM.format("", "z * " + "9" * 5000),
        CALM.format("", "z * 1e99999"),
        CALM.format("", "z * 10 ** 10 ** 10"),
        CALM.format("", "z // 0 + 1 // 0"),
        CALM.format("", "z + sum(eye(10 ** 12))"),
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_monsters(text: str) -> None:
    assert attempt(text).failed
