"""Checks that are run on many random stories."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

Random = TypeVar("Random")


def on_each(
    stories: SearchStrategy[Random], examples: int, part: int, check: Callable[[Random], None]
) -> None:
    """Run a check on so many stories: the same in every run, others in every ``part``.

    With STORCHC_SEED in the environment they are others, and one that fails is made smaller.
    """
    chosen = int(os.environ.get("STORCHC_SEED", "0"))

    @seed(1000 * chosen + part)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if chosen else [])],
        suppress_health_check=list(HealthCheck),
    )
    @given(stories)
    def run(story: Random) -> None:
        check(story)

    run()
