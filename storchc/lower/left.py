"""What the steps of a loop leave, and where: draws, costs, values that are asked for by step."""

from __future__ import annotations

from storchc.ir.expression import Reference
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.lower.story import Story
from storchc.program.loops import Item
from storchc.program.slots import Kind, Slot
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Left:
    """Something that every step leaves: the draw, cost, value, … of this name."""

    item: Item
    name: str

    def collected(self, depth: int) -> Slot:
        """The list of the loop at this depth, 1 for the outermost, in which it is kept."""
        return Slot(_LISTS[self.item], self.name, depth)

    @property
    def whole(self) -> Slot:
        """Where all steps are when the loop has ended."""
        return Slot(_WHOLE[self.item], self.name)


_LISTS: dict[Item, Kind] = {
    "draw": "draws",
    "cost": "costs",
    "value": "values",
    "baseline": "baselines",
    "alive": "alives",
    "report": "reports",
}
_WHOLE: dict[Item, Kind] = {
    "draw": "draw",
    "cost": "cost",
    "value": "sequence",
    "baseline": "baseline",
    "alive": "alive",
    "report": "report",
}


def left_by_steps(story: Story, loop: Loop) -> dict[Left, int]:
    """What every step leaves, and behind which statement of the body; -1: before all."""
    found = {
        left: place - (left.item == "baseline" and isinstance(node, Sample))
        for place, node in enumerate(loop.body)
        for left in left_by(story, node, story.sequenced)
    }
    if loop.alive is not None:
        if Left("value", loop.alive) in found:
            found[Left("value", loop.alive)] = -1
        if _averages(story, loop):
            found[Left("alive", loop.name)] = -1
    return found


def left_by(story: Story, node: Node, wanted: frozenset[str]) -> list[Left]:
    """What a statement leaves; of values those that are ``wanted``."""
    match node:
        case Compute(names):
            return [Left("value", n) for n in names if n in wanted]
        case Sample(name=sample) if story.chain(sample) is not None:
            return []
        case Sample(name=sample):
            found = [Left("draw", sample)]
            found += [Left("baseline", sample)] if story.learns(node) else []
            return found + ([Left("value", sample)] if sample in wanted else [])
        case Cost(name=cost):
            named = isinstance(node.value, Reference) and node.value.name == cost
            defines = not (node.observed or named) and cost in wanted
            return [Left("cost", cost), *([Left("value", cost)] if defines else [])]
        case Report(name=report):
            return [Left("report", report)]
        case Loop():
            return [left for left in left_by_steps(story, node) if left.item != "value"]


def _averages(story: Story, loop: Loop) -> bool:
    """Whether a method averages over elements, of which those that have stopped are left out."""
    credited = story.estimation.credit.before
    within = [s.name for s in story.graph.samples if loop.name in s.loops and s.name in credited]
    return any(story.estimator(s).averages for s in within)
