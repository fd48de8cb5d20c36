"""The plates that slots are stored with, found operation by operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from storchc.ir.expression import Construct, Named, Value
from storchc.ir.types import NO_PLATES, Plates
from storchc.lower.stored import call_plates, law_plates, stored_of
from storchc.lower.story import Scope, Story
from storchc.program.chains import Certain, Last, Outcomes, Pair, Shift
from storchc.program.estimate import Control, Downstream, Estimate, Function, OwnLoss, Total
from storchc.program.joint import Begin, Choose, Reindex, Since, Trace, Widen
from storchc.program.loops import Append, Collect, Count, Forget, Open, Reach, Repeat, Stack, Start
from storchc.program.operation import Operation
from storchc.program.shared import Call, Shared
from storchc.program.slots import Slot
from storchc.program.statements import (
    Again,
    Alias,
    Bind,
    Draw,
    Eval,
    Hold,
    Law,
    Note,
    Take,
    Unpack,
)
from storchc.program.terms import Expression, Part, Read, Term
from storchc.records import dataclass


def inputs(story: Story) -> dict[Slot, Plates]:
    """The slots that are filled before the first operation: with inputs, and with parameters."""
    graph = story.graph
    params = {Slot("value", param.name): NO_PLATES for param in graph.params}
    return params | {Slot("value", item.name): item.type.plates for item in graph.inputs}


def plates_behind(
    story: Story, scope: Scope, operations: Iterable[Operation]
) -> dict[Slot, Plates]:
    """The filled slots behind ``operations``, with their plates; before them ``scope``."""
    return with_plate(story, scope, operations)[1]


def with_plate(
    story: Story, scope: Scope, operations: Iterable[Operation]
) -> tuple[list[Operation], dict[Slot, Plates]]:
    """``operations``, re-indexing draws and what has the plate alone; and `plates_behind` them."""
    kept, known = list[Operation](), dict(scope)
    for operation in operations:
        match operation:
            case Reindex(target, plate) if target.kind != "draw" and plate not in known[target]:
                continue
            case Repeat(_, opening, body, closing):
                first, known = with_plate(story, known, opening)
                step, known = with_plate(story, known, body)
                last, known = with_plate(story, known, closing)
                opening, body, closing = map(tuple, (first, step, last))
                operation = replace(operation, opening=opening, body=body, closing=closing)
            case Forget(targets):
                for slot in targets:
                    known.pop(slot, None)
            case _:
                known |= filled_plates(story, known, operation)
        kept.append(operation)
    return kept, known


def _returned(story: Story, scope: Scope, call: Call) -> dict[Slot, Plates]:
    """The results of a part, with the plates that they have in it."""
    given = dict(call.shared.given)
    inside = plates_behind(story, {**scope, **given}, call.shared.body)
    return {slot: inside[slot] for slot in call.shared.results if slot in inside}


def filled_plates(story: Story, scope: Scope, operation: Operation) -> Mapping[Slot, Plates]:
    """The slots that an operation fills, with their plates."""
    match operation:
        case Call():
            return _returned(story, scope, operation)
        case Bind(target, value, settled=settled):
            if settled is not None:
                return {target: settled.plates}
            if isinstance(value, Construct | Named):
                return {target: law_plates(story, scope, value)}
            return {target: stored_of(story, scope, value)}
        case Unpack(targets, value, settled=settled):
            plates = call_plates(story, scope, value)
            return {
                target: plates if kept is None else kept.plates
                for target, kept in zip(targets, settled, strict=True)
            }
        case Start(target, settled=settled):
            return {target: settled.plates}
        case Take(target, _, _, stored, settled):
            return {target: stored if settled is None else settled.plates}
        case Alias(target, source):
            return {target: scope[source]}
        case Eval(target, term) | Append(target, term):
            return {target: _term_plates(story, scope, term)}
        case Law(target, sample, _, aligned, whole):
            return {target: aligned if whole else law_plates(story, scope, sample.distribution)}
        case Reindex() | Trace() | Begin() | Widen():
            return _chosen(story, scope, operation)
        case Outcomes() | Certain() | Pair() | Last():
            return _of_chain(story, scope, operation)
        case Stack():
            return _stacked(scope, operation)
        case Collect(target):
            return {target: NO_PLATES}
        case Control(target, sample):
            return {target: story.score_plates(story.samples[sample])}
        case Reach(weight, score, sample):
            return dict.fromkeys((weight, score), story.storage.full(sample.type.plates))
        case Draw() | Again() | Hold() | Since() | Open() | Count() | Shift() | Forget() | Repeat():
            return _as_before(scope, operation)
        case Note() | Choose() | Shared() | Function() | Downstream() | OwnLoss() | Total():
            return _as_before(scope, operation)
        case Estimate():
            return {}
        case _:
            raise TypeError(f"with which plates {type(operation).__name__} stores is unknown")


def _as_before(scope: Scope, operation: Operation) -> Mapping[Slot, Plates]:
    """What is filled has the plates that it had, or none: it is no tensor."""
    return {slot: scope.get(slot, NO_PLATES) for slot in operation.filled()}


def _term_plates(story: Story, scope: Scope, term: Term) -> Plates:
    match term:
        case Read(slot):
            return scope.get(slot, term.stored)
        case Expression(value):
            return stored_of(story, scope, value)
        case _:
            return term.stored


def _chosen(
    story: Story, scope: Scope, operation: Reindex | Trace | Begin | Widen
) -> Mapping[Slot, Plates]:
    """What joint samples extend, and what is re-indexed for them."""
    match operation:
        case Reindex(target, plate, _, stored):
            before = scope.get(target, NO_PLATES)
            return {target: before | stored if plate in before else before}
        case Trace(target, stored=stored):
            return {target: stored}
        case Begin(target, sample) | Widen(target, sample):
            whole = {target: story.storage.full(sample.type.plates)}
            return dict.fromkeys(operation.filled(), NO_PLATES) | whole
        case _:
            assert_never(operation)


def _of_chain(
    story: Story, scope: Scope, operation: Outcomes | Certain | Pair | Last
) -> Mapping[Slot, Plates]:
    """The outcomes of a chain that is summed out, and their probabilities."""
    none = dict.fromkeys(operation.filled(), NO_PLATES)
    match operation:
        case Outcomes(_, sample):
            law = law_plates(story, scope, sample.distribution)
            return none | {Slot("law", sample.name): law}
        case Certain(target, stored=stored):
            return {slot: stored if slot == target else NO_PLATES for slot in none}
        case Pair(sample, before):
            return _paired(story, scope, sample, before)
        case Last(Slot(name=name)):
            return none | {Slot("law", name): scope[Slot("mass", name)] - {name}}
        case _:
            assert_never(operation)


def _stacked(scope: Scope, stack: Stack) -> Mapping[Slot, Plates]:
    """Costs, baselines and who is alive have a dimension for the steps."""
    plates = NO_PLATES if stack.item == "draw" else scope[stack.steps]
    if stack.item in ("cost", "baseline", "alive"):
        plates |= {stack.loop.name}
    whole = {stack.target: plates}
    return whole if stack.into is None else whole | {stack.into: plates}


def _paired(story: Story, scope: Scope, sample: str, before: str) -> Mapping[Slot, Plates]:
    law = story.samples[sample].distribution
    joint = law_plates(story, scope, law) | {sample}
    if before:
        joint |= scope[Slot("mass before", sample)]
    return {Slot("joint mass", sample): joint, Slot("mass", sample): joint - {before}}


@dataclass(frozen=True, slots=True)
class StoryStoring:
    """With which plates things are stored, for whom verifies a program of ``story``."""

    story: Story

    def filled(self, scope: Scope, operation: Operation) -> Scope:
        """The slots that an operation fills, with their plates."""
        return filled_plates(self.story, scope, operation)

    def expression(self, scope: Scope, value: Value) -> Plates:
        """The plates of an expression of the story."""
        return stored_of(self.story, scope, value)

    def part(self, part: Part) -> Plates:
        """The plates of a member of a draw; of the steps of loops those that it says it has."""
        sample = self.story.samples[part.slot.name]
        return self.story.storage.full(sample.type.plates) | part.stored.intersection(sample.loops)
