"""The statements of a story as operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import assert_never

from storchc.ir.expression import CallUser, Reference, Value
from storchc.ir.nodes import Compute, Cost, Loop, Report, Sample
from storchc.ir.types import NO_PLATES, ValueType
from storchc.lower.apart import Hoisting
from storchc.lower.left import Left
from storchc.lower.story import Story
from storchc.program.chains import Outcomes, Pair
from storchc.program.joint import Choose
from storchc.program.loops import Append
from storchc.program.operation import Operation
from storchc.program.slots import Slot
from storchc.program.statements import (
    Alias,
    Bind,
    Draw,
    Eval,
    Hold,
    Law,
    Note,
    Settled,
    Take,
    Unpack,
)
from storchc.program.terms import Expression, Infix, Part, Read, Sum
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a statement stands: the loops around it, what they carry, and the lists of the last.

    ``known`` are the names of values that stand above it; ``reached`` the samples whose weights are
    multiplied step by step.
    """

    story: Story
    hoisting: Hoisting
    around: tuple[Loop, ...]
    carried: Mapping[str, Settled]
    lists: Mapping[Left, Slot]
    known: Set[str]
    reached: frozenset[str]


def lower_statement(frame: Frame, node: Compute | Sample | Cost | Report) -> Iterator[Operation]:
    """One statement of the story."""
    match node:
        case Compute():
            return _compute(frame, node)
        case Sample():
            return _sample(frame, node)
        case Cost():
            return _cost(frame, node)
        case Report():
            return _report(frame, node)
        case _:
            assert_never(node)


def _compute(frame: Frame, node: Compute) -> Iterator[Operation]:
    yield Note("", node.span)
    detached = node.names[0] in frame.story.owned
    parts = frame.hoisting.parts(node.value, detached=detached)
    yield from parts.before
    if isinstance(node.value, CallUser) and len(node.types) > 1:
        types = tuple(t for t in node.types if isinstance(t, ValueType))
        targets = tuple(Slot("value", name) for name in node.names)
        settled = tuple(map(frame.carried.get, node.names))
        yield Unpack(targets, node.value, types, parts.apart, detached, settled)
        return
    (name,), (type_,) = node.names, node.types
    target, settled_ = Slot("value", name), frame.carried.get(name)
    yield Bind(target, node.value, type_, parts.apart, detached, settled_)


# --- samples -------------------------------------------------------------------------------------


def _sample(frame: Frame, node: Sample) -> Iterator[Operation]:
    yield Note(_given_method(frame.story, node), node.span)
    story, draw = frame.story, Slot("draw", node.name)
    chain = story.chain(node.name)
    if chain is not None:
        parts = frame.hoisting.parts(node.distribution)
        yield from parts.before
        before = chain.before if node.loops else ""
        yield Outcomes(draw, node, parts.apart, before, replayed=True)
        yield Pair(node.name, before)
        yield _take(frame, node)
        return
    if node.loops and story.learns(node):
        yield from _baseline(frame, node)
    yield from _law(frame, node)
    yield from _draw(frame, node)
    yield _take(frame, node)
    if story.extends(node):
        yield from _chosen(frame, node)
    if node.name in frame.reached:
        yield from _reach(story, node)
    separated = story.estimation.separation.samples.get(node.name)
    for copy in () if separated is None else separated.copies:
        yield Alias(Slot("value", copy), Slot("value", node.name), "float")


def _given_method(story: Story, node: Sample) -> str:
    """What to say of a sample whose method was given from outside the story."""
    text_end = len(story.graph.source.text)
    if node.method is None or node.method.span.start <= text_end:
        return ""
    name = story.estimator(node.name).name
    return f"sample {node.name} with {name}, as given when it was compiled"


def _baseline(frame: Frame, node: Sample) -> Iterator[Operation]:
    """The learned baseline in this step, left as it is known before the sample is drawn."""
    value = frame.story.estimator(node.name).values["baseline"]
    assert isinstance(value, Value)
    parts = frame.hoisting.all_parts(value, detached=True)
    yield from parts.before
    term = Expression(value, parts.apart, True, False, NO_PLATES)
    yield Append(Slot("baselines", node.name, len(frame.around)), term)


def _law(frame: Frame, node: Sample) -> Iterator[Operation]:
    """The distribution that a sample is drawn from."""
    story = frame.story
    estimator = story.estimator(node.name)
    own = frozenset() if node.joins or node.loops else frozenset({node.name})
    plates = story.storage.full(node.type.plates - own)
    whole = not (estimator.enumerated and node.mask is None)
    parts = frame.hoisting.parts(node.distribution)
    yield from parts.before
    aligned = plates if whole else frozenset[str]()
    yield Law(Slot("law", node.name), node, parts.apart, aligned, whole)


def _draw(frame: Frame, node: Sample) -> Iterator[Operation]:
    story = frame.story
    own = frozenset() if node.joins or node.loops else frozenset({node.name})
    plates = story.storage.full(node.type.plates - own)
    before, apart = list[Operation](), list[tuple[Value, Slot]]()
    estimator = story.estimator(node.name)
    for key, value in (*estimator.values.items(), *estimator.sampler_values.items()):
        if key != "baseline":
            parts = frame.hoisting.all_parts(value)
            before += parts.before
            apart += parts.apart
    yield from before
    law, target = Slot("law", node.name), Slot("draw", node.name)
    joint: Slot | None = None
    if story.extends(node):
        joint = Slot("joint", node.plate) if frame.around else Slot("draw", node.plate)
    yield Draw(target, node, law, joint, plates, tuple(apart), replayed=True)
    if node.mask is not None and not (story.extends(node) or estimator.enumerated):
        yield Hold(target, node, plates)


def _take(frame: Frame, node: Sample) -> Take:
    """The values of a sample, as they are stored."""
    story = frame.story
    if story.chain(node.name) is not None or (
        story.estimator(node.name).enumerated and node.mask is None
    ):
        stored = frozenset({node.name})
    else:
        stored = story.storage.full(node.type.plates)
    value, draw = Slot("value", node.name), Slot("draw", node.name)
    return Take(value, draw, node.type, stored, frame.carried.get(node.name))


def _chosen(frame: Frame, node: Sample) -> Iterator[Operation]:
    """What a sample has chosen becomes the joint sample of its plate: a choice, to re-index for."""
    stored = frame.story.storage.full(node.type.plates)
    joint = Part(Slot("draw", node.name), "joint", stored)
    made = frozenset({node.name})
    if not frame.around:
        yield Choose(node.plate, joint, stored, made)
        return
    slot = Slot("joint", node.plate)
    yield Eval(slot, joint, "")
    parents = Part(slot, "parents", stored)
    yield Append(Slot("parents", node.plate, len(frame.around)), parents)
    yield Choose(node.plate, Read(slot, stored), stored, made)


def _reach(story: Story, node: Sample) -> Iterator[Operation]:
    """What is drawn in this step counts from now on."""
    stored, draw = story.storage.full(node.type.plates), Slot("draw", node.name)
    weight, score = Slot("reached weight", node.name), Slot("reached score", node.name)
    now, more = Read(weight, stored), Part(draw, "weight", stored)
    yield Eval(weight, Infix("*", now, more, stored), "")
    now, more = Read(score, stored), Part(draw, "score", stored)
    yield Eval(score, Sum((now, more), stored), "")


# --- costs and reports ---------------------------------------------------------------------------


def _cost(frame: Frame, node: Cost) -> Iterator[Operation]:
    cost, value = Slot("cost", node.name), Slot("value", node.name)
    if isinstance(node.value, Reference) and node.value.name == node.name:
        yield Alias(cost, value, node.value.type.dtype)
        return
    yield Note("", node.span)
    parts = frame.hoisting.parts(node.value)
    yield from parts.before
    floating = replace(node.value.type, dtype="float")
    if node.observed or node.name in frame.known:  # the name of a value that is no cost itself
        yield Bind(cost, node.value, floating, parts.apart)
        return
    settled = frame.carried.get(node.name)
    yield Bind(value, node.value, floating, parts.apart, settled=settled)
    yield Alias(cost, value, "float")


def _report(frame: Frame, node: Report) -> Iterator[Operation]:
    if node.name in frame.known or (node.loops and reported(frame.known, node) != node.name):
        return
    yield Note("", node.span)
    parts = frame.hoisting.parts(node.value)
    yield from parts.before
    yield Bind(Slot("value", node.name), node.value, node.value.type, parts.apart)


def reported(known: Set[str], node: Report) -> str:
    """The name of what a report shows: its own, where the value has none in this function."""
    shown = node.value.name if isinstance(node.value, Reference) else node.name
    return shown if shown in known else node.name
