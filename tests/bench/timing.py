"""Interleaved timing: every round times every contestant in turn, so drift hits all alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds per call in each round, by contestant."""

    rounds: dict[str, list[float]]

    def median(self, name: str) -> float:
        """The median over the rounds."""
        return median(self.rounds[name])

    def ratio(self, name: str, other: str) -> float:
        """The median of the rounds' ratios."""
        pairs = zip(self.rounds[name], self.rounds[other], strict=True)
        return median(mine / theirs for mine, theirs in pairs)


def interleaved(
    contestants: Mapping[str, Callable[[], object]], rounds: int = 41, slot: float = 0.01
) -> Times:
    """Time all contestants; each runs for about ``slot`` seconds in each round."""
    repeats = {name: calibrated(call, slot) for name, call in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()
    for index in range(rounds):
        order = list(contestants) if index % 2 else list(reversed(contestants))
        for name in order:
            times[name].append(timed(contestants[name], repeats[name]))
    return Times(times)


def calibrated(call: Callable[[], object], slot: float) -> int:
    """How many calls fill the slot, after a warm-up."""
    for _ in range(3):
        call()
    return max(1, round(slot / timed(call, 3)))


def timed(call: Callable[[], object], repeats: int) -> float:
    """Seconds per call."""
    began = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - began) / repeats
