"""The program of a story: its statements, what they leave for the loss, and the loss."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.ir.nodes import Cost, Report
from storchc.lower.apart import Hoisting
from storchc.lower.loops import lower_all
from storchc.lower.loss import loss
from storchc.lower.plates import inputs, plates_after
from storchc.lower.statements import Frame
from storchc.lower.steps import steps_kept
from storchc.lower.story import Story
from storchc.optimise.reindex import reindexed
from storchc.program.estimate import Estimate, OwnLoss
from storchc.program.operation import Operation
from storchc.program.slots import LOSS, Slot


def lower(story: Story) -> tuple[Operation, ...]:
    """All operations of the program of a story."""
    hoisting = Hoisting(story)
    known = frozenset(item.name for item in story.graph.inputs)
    frame = Frame(story, hoisting, (), {}, {}, known, frozenset())
    stated = [*lower_all(frame, story.graph.nodes)]
    wanted = frozenset(_wanted(story))
    forward = reindexed(story.graph, story.drawn, stated, wanted)
    scope = plates_after(story, inputs(story), forward)
    total = loss(hoisting, scope, forward)
    return (*forward, *total, _estimate(story, total))


def _wanted(story: Story) -> Iterator[Slot]:
    """What the loss and the estimate may look at."""
    graph = story.graph
    for cost in graph.costs:
        yield Slot("cost", cost.name)
        if not cost.loops:  # it may be a value, and follow as that
            yield Slot("value", cost.name)
    yield from (Slot("draw", sample.name) for sample in graph.samples)
    yield from (_shown(report) for report in graph.reports)


def _shown(report: Report) -> Slot:
    return Slot("report" if report.loops else "value", report.name)


def _summed(story: Story, cost: Cost) -> tuple[str, ...]:
    """The loops over whose steps the estimate shows a cost summed: where they all weigh alike."""
    return () if steps_kept(story, cost) else cost.loops


def _estimate(story: Story, total: list[Operation]) -> Estimate:
    graph = story.graph
    return Estimate(
        LOSS,
        draws=tuple((s.name, Slot("draw", s.name)) for s in graph.samples),
        costs=tuple((c.name, Slot("cost", c.name), _summed(story, c)) for c in graph.costs),
        reports=tuple((r.name, _shown(r)) for r in graph.reports),
        own=tuple(each.target for each in total if isinstance(each, OwnLoss)),
    )
