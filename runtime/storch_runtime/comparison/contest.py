"""Whose turn it is: estimates go where they are needed most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from storch_runtime.comparison.contender import Contender

__all__ = ["Contest", "Progress"]

BATCH = 20
"""Estimates in a row of one model."""

ROOM = 20_000_000
"""Numbers that the estimates of a batch hold, at most."""

FEW = 100
"""Estimates that each has before any has more."""

TRUTH = 4
"""The estimates that a reference has for each one of those that are held to it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a comparison is: ``done`` of ``total`` estimates, what of them is now, what is left.

    ``seconds`` that are left, as far as the steps so far tell.
    """

    done: int
    total: int
    name: str
    seconds: float


@dataclass(slots=True, eq=False)
class Contest:
    """Models that take turns, at most ``repeats`` estimates each, within ``budget`` seconds.

    Whose turn it is depends on what was estimated and never on the clock, so that the same seed
    gives the same figures; the clock only says when to stop.
    """

    contenders: list[Contender]
    references: list[Contender]
    repeats: int
    seed: int
    budget: float | None = None
    listen: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None
    began: float = field(default_factory=perf_counter)

    def run(self) -> bool:
        """Run to the end, or to a stop or interrupt (Ctrl-C): whether it came to the end."""
        try:
            while (turn := self._turn()) is not None and not self._spent():
                if not turn.run(self._batch(turn), self.seed, self.stop):
                    return False
                if self.listen is not None:
                    self.listen(self._progress(turn.name))
        except KeyboardInterrupt:
            return False
        return True

    def _turn(self) -> Contender | None:
        """The reference until it is well known, then who is known least."""
        waiting = [c for c in self.references if self._wants(c)]
        behind = max((c.count for c in self.contenders), default=0)
        for reference in waiting:
            if reference.count < min(self._most(reference), TRUTH * max(behind, BATCH)):
                return reference
        running = [c for c in self.contenders if self._wants(c)]
        if not running:
            return waiting[0] if waiting else None
        first = min(running, key=lambda c: c.count)
        if first.count < FEW:
            return first
        return max(running, key=_doubt)

    def _most(self, contender: Contender) -> int:
        """How many estimates it has at most: what draws nothing needs no more than two."""
        if contender.memory is not None and not contender.random:
            return 2 * BATCH  # whose time is measured
        return self.repeats * (TRUTH if contender in self.references else 1)

    def _wants(self, contender: Contender) -> bool:
        return not contender.failure and contender.count < self._most(contender)

    def _batch(self, contender: Contender) -> int:
        """The next batch; none is left with a single estimate."""
        left = self._most(contender) - contender.count
        room = ROOM // len(contender.moments.mean)
        size = max(2, min(BATCH, room, self.repeats // 10))
        return left if left < size + 2 else size

    def _spent(self) -> bool:
        return self.budget is not None and perf_counter() - self.began > self.budget

    def _progress(self, name: str) -> Progress:
        everyone = self.contenders + self.references
        left = {c: self._most(c) - c.count if self._wants(c) else 0 for c in everyone}
        done = sum(c.count for c in everyone)
        measured = [c.milliseconds for c in everyone if c.seconds]
        usual = sum(measured) / len(measured) if measured else 0.0
        seconds = sum(n * (c.milliseconds if c.seconds else usual) for c, n in left.items()) / 1000
        if self.budget is not None:
            seconds = min(seconds, max(0.0, self.budget - (perf_counter() - self.began)))
        return Progress(done, done + sum(left.values()), name, seconds)


def _doubt(contender: Contender) -> float:
    """How little its variance is known: its standard error as a part of it.

    Of draws that have made no difference yet, but might, nothing is known.
    """
    variance, error = contender.moments.spread(list(contender.parameters))
    return error / variance if variance > 0 else 1.0
