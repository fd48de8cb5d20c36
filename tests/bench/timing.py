"""Interleaved timing: every round times every contestant in turn, so drift hits all alike.

The clock is that of the processor, which other programs on the machine do not advance.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Clock = Callable[[], float]


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
    contestants: Mapping[str, Callable[[], object]],
    rounds: int = 41,
    slot: float = 0.01,
    clock: Clock = time.process_time,
) -> Times:
    """Time all contestants; each runs for about ``slot`` seconds in each round."""
    repeats = {name: calibrated(call, slot, clock) for name, call in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()
    for index in range(rounds):
        order = list(contestants) if index % 2 else list(contestants)[::-1]
        for name in order:
            times[name].append(timed(contestants[name], repeats[name], clock))
    return Times(times)


def calibrated(call: Callable[[], object], slot: float, clock: Clock) -> int:
    """How many calls fill the slot, after a warm-up."""
    for _ in range(3):
        call()
    return max(1, round(slot / timed(call, 3, clock)))


def timed(call: Callable[[], object], repeats: int, clock: Clock) -> float:
    """Seconds per call."""
    began = clock()
    for _ in range(repeats):
        call()
    return (clock() - began) / repeats
