"""The program of a story: its statements, what they leave for the loss, and the loss."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.ir.nodes import Cost, Report, Sample
from storchc.lower.apart import Hoisting
from storchc.lower.loops import lower_all
from storchc.lower.loss import loss
from storchc.lower.plates import inputs, with_plate
from storchc.lower.reindex import reindexed
from storchc.lower.statements import Frame
from storchc.lower.steps import steps_kept
from storchc.lower.story import Scope, Story
from storchc.optimise.hoist import hoisted
from storchc.optimise.once import Around, Looking, written_once
from storchc.optimise.trim import trimmed
from storchc.program.estimate import Estimate, OwnLoss
from storchc.program.operation import Operation
from storchc.program.shared import Shared
from storchc.program.slots import LOSS, Slot, Slots

PROGRAMS = {
    "lowered": "the statements as operations, of the graph and all facts",
    "reindexed": "what is looked at behind a joint choice is re-indexed",
    "shared": "what methods look at elsewhere is a function, called for the drawn value too",
    "losses": "with the control variates and the loss",
    "hoisted": "what is the same for every value is computed outside of functions",
    "program": "functions return what is looked at: all that code is written of",
}
"""The programs of a story, by the pass that makes each of the one before; and what that adds."""

Program = tuple[Operation, ...]


def passed(story: Story) -> Iterator[tuple[str, Program]]:
    """The program of a story behind each of the passes."""
    hoisting = Hoisting(story)
    lowered = tuple(_lowered(story, hoisting))
    yield "lowered", lowered
    wanted = reindexed(story.graph, story.drawn, lowered, frozenset(_wanted(story)))
    indexed, scope = with_plate(story, inputs(story), wanted)
    yield "reindexed", tuple(indexed)
    forward = written_once(_around(story, scope), indexed, [*_looking(story)])
    yield "shared", tuple(forward)
    functions = [each for each in forward if isinstance(each, Shared)]
    total = loss(hoisting, scope, indexed, functions)
    whole = (*forward, *total, _estimate(story, total))
    yield "losses", whole
    apart = tuple(hoisted(story.drawn, whole))
    yield "hoisted", apart
    yield "program", tuple(trimmed(story.drawn, apart))


def lower(story: Story) -> Program:
    """All operations of the program of a story."""
    return dict(passed(story))["program"]


def _lowered(story: Story, hoisting: Hoisting) -> Iterator[Operation]:
    """The statements, with what they leave for the loss."""
    known = frozenset(item.name for item in story.graph.inputs)
    frame = Frame(story, hoisting, (), {}, {}, known, frozenset())
    return lower_all(frame, story.graph.nodes)


def _looking(story: Story) -> Iterator[Looking]:
    """The samples whose methods look at other values, and the costs that they look at."""
    for sample in story.graph.samples:
        if story.estimator(sample.name).looks and not sample.loops:
            groups = story.estimation.groups.get(sample.name, {})
            every = (frozenset(Slot("cost", c.name) for c in group) for group in groups.values())
            if wanted := tuple(group for group in every if group):
                yield Looking(sample, wanted, _inner(story, sample))


def _inner(story: Story, sample: Sample) -> Slots:
    """The samples below one that asks for gradients, where these come from further values."""
    entry = story.estimator(sample.name).entry
    if entry is None or entry.looks != "gradients":
        return frozenset()
    groups = story.estimation.groups
    seen = {c.name for group in groups[sample.name].values() for c in group}

    def needed(name: str) -> bool:
        estimator = story.estimator(name)
        costs = (c.name for group in groups.get(name, {}).values() for c in group)
        return estimator.carrier == "control" and estimator.looks and not seen.isdisjoint(costs)

    behind = story.graph.samples[story.graph.samples.index(sample) + 1 :]
    return frozenset(Slot("value", each.name) for each in behind if needed(each.name))


def _around(story: Story, scope: Scope) -> Around:
    """What is known of a story where parts of it are written once."""
    known, callees = story.estimation, story.graph.callees.values()
    return Around(
        story.drawn,
        scope,
        listed=story.listed,
        enumerated=frozenset(n for n, e in known.estimators.items() if e.enumerated),
        stateful=frozenset(c.name for c in callees if "stateful" in c.flags),
    )


def _wanted(story: Story) -> Iterator[Slot]:
    """What the loss and the estimate may look at."""
    graph = story.graph
    for cost in graph.costs:
        yield Slot("cost", cost.name)
        if not cost.loops:  # it may be a value, and re-indexed as that
            yield Slot("value", cost.name)
    yield from (Slot("draw", sample.name) for sample in graph.samples)
    yield from (_shown(report) for report in graph.reports)


def _shown(report: Report) -> Slot:
    return Slot("report" if report.loops else "value", report.name)


def _shown_cost(story: Story, parts: tuple[Cost, ...]) -> tuple[tuple[Slot, ...], tuple[str, ...]]:
    """What a cost is the sum of, and over which loops: those whose steps all weigh alike."""
    slots = tuple(Slot("cost", part.name) for part in parts)
    return slots, () if any(steps_kept(story, part) for part in parts) else parts[0].loops


def _estimate(story: Story, total: list[Operation]) -> Estimate:
    graph = story.graph
    return Estimate(
        LOSS,
        draws=tuple((s.name, Slot("draw", s.name)) for s in graph.samples),
        costs=tuple((name, *_shown_cost(story, p)) for name, p in graph.parts_of_costs.items()),
        reports=tuple((r.name, _shown(r)) for r in graph.reports),
        own=tuple(each.target for each in total if isinstance(each, OwnLoss)),
    )
