"""The plates that slots are stored with, found by following the operations of a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storchc.ir.expression import Construct, Named
from storchc.ir.types import NO_PLATES, Plates
from storchc.lower.stored import call_plates, law_plates, stored_of
from storchc.lower.story import Scope, Story
from storchc.program.chains import Certain, Last, Pair
from storchc.program.joint import Reindex
from storchc.program.loops import Append, Forget, Reach, Repeat, Stack, Start
from storchc.program.operation import Operation
from storchc.program.slots import Slot
from storchc.program.statements import Alias, Compute, Eval, Law, Take, Unpack
from storchc.program.terms import Expression, Read, Term


def inputs(story: Story) -> dict[Slot, Plates]:
    """The slots that are filled before the first operation."""
    return {Slot("value", item.name): item.type.plates for item in story.graph.inputs}


def plates_after(story: Story, scope: Scope, operations: Iterable[Operation]) -> dict[Slot, Plates]:
    """The filled slots behind ``operations``, with their plates."""
    known = dict(scope)
    for operation in operations:
        if isinstance(operation, Forget):
            for slot in operation.targets:
                known.pop(slot, None)
        elif isinstance(operation, Repeat):
            inner = (*operation.opening, *operation.body, *operation.closing)
            known = plates_after(story, known, inner)
        else:
            known |= filled_plates(story, known, operation)
    return known


def filled_plates(story: Story, scope: Scope, operation: Operation) -> Mapping[Slot, Plates]:
    """The slots that an operation fills, with their plates."""
    match operation:
        case Compute(target, value, settled=settled):
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
        case Reindex(target, plate, _, stored):
            before = scope.get(target, NO_PLATES)
            return {target: before | stored if plate in before else before}
        case Stack():
            return _stacked(scope, operation)
        case Certain(target, _, _, stored):
            return {target: stored}
        case Pair(sample, before):
            return _paired(story, scope, sample, before)
        case Last(target):
            name = target.name
            return {target: NO_PLATES, Slot("law", name): scope[Slot("mass", name)] - {name}}
        case Reach(weight, score, sample):
            return dict.fromkeys((weight, score), story.storage.full(sample.type.plates))
        case _:
            return {slot: scope.get(slot, NO_PLATES) for slot in operation.filled()}


def _term_plates(story: Story, scope: Scope, term: Term) -> Plates:
    match term:
        case Read(slot):
            return scope.get(slot, term.stored)
        case Expression(value):
            return stored_of(story, scope, value)
        case _:
            return term.stored


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
