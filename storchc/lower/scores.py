"""Sums of scores and their magic boxes, each built from the ones before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import field

from storchc.analysis.facts.scores import Scored, Scores
from storchc.ir.steps import Seen
from storchc.ir.types import NO_PLATES, Plates, united
from storchc.lower.block import Block
from storchc.lower.steps import in_steps
from storchc.lower.story import Story
from storchc.program.slots import Slot
from storchc.program.terms import Part, Summed, Term, box, scored
from storchc.records import dataclass

RECENT = 8
"""How many of the latest sums are looked through for a part of the next one."""


@dataclass(slots=True)
class ScoreSums:
    """The sums L of log-probabilities that a loss needs."""

    story: Story
    block: Block
    sums: dict[Scores, Term] = field(default_factory=dict)
    recent: deque[Scores] = field(default_factory=lambda: deque(maxlen=RECENT))
    each: dict[str, Plates] = field(default_factory=dict)
    every: dict[Scores, Plates] = field(default_factory=dict)

    def plates(self, scores: Scores) -> Plates:
        """The plates that a sum of scores has in memory."""
        asked: list[Scores] = []
        while scores and scores not in self.every:
            asked.append(scores)
            scores = scores.before
        plates = self.every.get(scores, NO_PLATES)
        for more in reversed(asked):
            seen, mixed = more.last
            plates = self.every[more] = united([plates, self._stored(seen) - mixed])
        return plates

    def plates_of(self, each: Iterable[Scored]) -> Plates:
        """The plates that some scores have in memory, taken together."""
        return united([self._stored(seen) - mixed for seen, mixed in each])

    def of(self, scores: Scores, wanted: str) -> Term:
        """``L``, made from the largest part of the sum that is there already."""
        if scores in self.sums:
            return self.sums[scores]
        known = [s for s in self.recent if scores.has_more_than(s)]
        part = max(known, key=len, default=None)
        total = self.more(part, scores)
        if part is not None:
            total = self.block.added([self.sums[part], total])
        if len(scores) > 1:
            total = self.block.named(f"{wanted}_score", total)
        self.sums[scores] = total
        self.recent.append(scores)
        return total

    def more(self, part: Scores | None, scores: Scores) -> Term:
        """What ``scores`` has beyond ``part``."""
        further = scores if part is None else scores.beyond(part)
        return self.block.added([self._score(s) for s in further])

    def boxed(self, scores: Scores, term: Term, wanted: str, *, idle: bool = False) -> Term:
        """``box(L) · term``; ``idle``: an element may weigh nothing, and be infinite there."""
        return scored(self._box(scores, wanted), term, idle=idle) if scores else term

    def _box(self, scores: Scores, wanted: str) -> Term:
        seen, mixed = scores.last
        if len(scores) == 1 and not mixed and seen.level is None:
            return Part(Slot("draw", seen.name), "box", self._stored(seen))
        return self.block.named(f"{wanted}_box", box(self.of(scores, wanted)))

    def _score(self, scored: Scored) -> Term:
        """A score summed over the plates that a path mixes, in the steps that it is credited in."""
        seen, mixed = scored
        score = Part(Slot("draw", seen.name), "score", self._stored(seen))
        return in_steps(self.story, seen, summed(self.story, score, mixed))

    def _stored(self, seen: Seen) -> Plates:
        stored = self.each.get(seen.name)
        if stored is None:  # every cost of a chain asks for every sample above it
            stored = self.story.score_plates(self.story.samples[seen.name])
            self.each[seen.name] = stored
        return stored


def summed(story: Story, term: Term, mixed: Plates) -> Term:
    """A plain, unweighted sum over mixed plates."""
    plates = story.storage.order(mixed & term.stored)
    return Summed(term, plates, term.stored - mixed) if plates else term
