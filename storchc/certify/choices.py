"""The tree of the choices that a run makes: its leaves are all runs that there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from math import prod
from typing import Any

from storch_runtime.samplers.sampler import Outcome
from storchc.records import dataclass


@dataclass(slots=True)
class Tree:
    """The choices of one run, and of those before it, depth first."""

    listed: list[list[Outcome]] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    depth: int = 0
    probability: float = 1.0

    def take(self, outcomes: Callable[[], list[Outcome]]) -> Any:
        """The outcome of the next choice of this run."""
        if self.depth == len(self.taken):
            self.listed.append([outcome for outcome in outcomes() if outcome[1] > 0])
            self.taken.append(0)
        value, probability = self.listed[self.depth][self.taken[self.depth]]
        self.depth += 1
        self.probability *= probability
        return value

    def advance(self) -> bool:
        """Go on to the next run; False where this was the last."""
        self.depth, self.probability = 0, 1.0
        while self.taken and self.taken[-1] == len(self.listed[-1]) - 1:
            self.taken.pop()
            self.listed.pop()
        if self.taken:
            self.taken[-1] += 1
        return bool(self.taken)

    @property
    def size(self) -> int:
        """How many runs there are, if all choices are like those of this one."""
        return prod(len(outcomes) for outcomes in self.listed)
