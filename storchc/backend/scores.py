"""Sums of scores and their magic boxes, each built from the ones before."""

from __future__ import annotations

from dataclasses import field

from storchc.analysis.facts.credit import Scores
from storchc.backend.code import Code
from storchc.backend.sums import added
from storchc.backend.timed import in_steps, stored_of
from storchc.backend.writer import Writer
from storchc.ir.steps import Seen
from storchc.ir.types import Plates
from storchc.python.expressions import Py, call, infix, literal, member, method, tuple_of
from storchc.records import dataclass

RECENT = 8
"""How many of the latest sums are looked through for a part of the next one."""


@dataclass(slots=True)
class ScoreSums:
    """The sums L of log-probabilities that a loss needs."""

    writer: Writer
    sums: dict[Scores, Code] = field(default_factory=dict)
    boxes: dict[Scores, Code] = field(default_factory=dict)
    each: dict[str, Plates] = field(default_factory=dict)

    def plates(self, scores: Scores) -> Plates:
        """The plates that a sum of scores has in memory."""
        each = {(self._stored(seen), mixed) for seen, mixed in scores}
        return frozenset[str]().union(*(stored - mixed for stored, mixed in each))

    def of(self, scores: Scores, wanted: str) -> Code:
        """``L``, made from the largest part of it that is there already."""
        if scores in self.sums:
            return self.sums[scores]
        known = [s for s in list(self.sums)[-RECENT:] if set(s) < set(scores)]
        part = max(known, key=len, default=())
        total = self.more(part, scores)
        if part:
            total = added(self.writer, [self.sums[part], total])
        if len(scores) > 1:
            total = self.writer.named(f"{wanted}_score", total)
        self.sums[scores] = total
        return total

    def more(self, part: Scores, scores: Scores) -> Code:
        """What ``scores`` has beyond ``part``."""
        present = set(part)
        return added(self.writer, [self._score(s) for s in scores if s not in present])

    def boxed(self, scores: Scores, code: Code, wanted: str, idle: bool = False) -> Code:
        """``box(L) · code``; ``idle``: an element may weigh nothing, and be infinite there."""
        if not scores:
            return code
        box = self._box(scores, wanted)
        plates = code.stored | box.stored
        storage = self.writer.storage
        left = storage.align(box.py, box.stored, 0, plates)
        right = storage.align(code.py, code.stored, 0, plates)
        if idle:
            return Code(call(self.writer.runtime("scored"), left, right), plates)
        return Code(infix("*", left, right), plates)

    def _box(self, scores: Scores, wanted: str) -> Code:
        (seen, mixed), sample = scores[0], scores[0][0].name
        if len(scores) == 1 and not mixed and seen.level is None:
            return Code(member(self.writer.draw(sample), "box"), self._stored(seen))
        if scores not in self.boxes:
            total = self.of(scores, wanted)
            box = Code(call(self.writer.runtime("magic_box"), total.py), total.stored)
            self.boxes[scores] = self.writer.named(f"{wanted}_box", box)
        return self.boxes[scores]

    def _score(self, scored: tuple[Seen, Plates]) -> Code:
        """A score summed over the plates that a path mixes, in the steps that it is credited in."""
        seen, mixed = scored
        draw = self.writer.draw(seen.name)
        score = Code(member(draw, "score"), self._stored(seen))
        return in_steps(self.writer, seen, summed(self.writer, score, mixed))

    def _stored(self, seen: Seen) -> Plates:
        stored = self.each.get(seen.name)
        if stored is None:  # every cost of a chain asks for every sample above it
            stored = stored_of(self.writer, self.writer.samples[seen.name])
            self.each[seen.name] = stored
        return stored


def summed(writer: Writer, code: Code, mixed: Plates) -> Code:
    """A plain, unweighted sum over mixed plates."""
    order = writer.storage.order(mixed & code.stored)
    dims = [literal(writer.storage.dim(p, code.stored)) for p in order]
    if not dims:
        return code
    place: Py = dims[0] if len(dims) == 1 else tuple_of(*dims)
    return Code(method(code.py, "sum", place), code.stored - mixed)
