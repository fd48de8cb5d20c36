"""Samples as statements: the distribution, the draw, its values."""

from __future__ import annotations

from storchc.emit.alignment import align, align_whole
from storchc.emit.calls import typed
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.distributions import distribution, expanded, looked_at_temperature
from storchc.emit.written import Written, assigned, nothing, settled, shape
from storchc.ir.expression import Construct, Counter, Extent, Literal, Named, Value
from storchc.ir.nodes import ModuleOption, Passed, Sample, is_beside
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.chains import Outcomes
from storchc.program.slots import Slot
from storchc.program.statements import Again, Draw, Hold, Law, Take
from storchc.python.expressions import (
    NONE,
    Local,
    Py,
    call,
    index,
    literal,
    member,
    method,
    tuple_of,
)


def law(context: Context, operation: Law) -> Written:
    """The distribution that a sample is drawn from."""
    context = context.of(operation.apart)
    plates, value = operation.aligned, operation.sample.distribution
    made = distribution(context, value, plates, tensor=True)
    code = made
    if operation.whole:
        code = Code(expanded(context, made, plates), plates)
    if isinstance(value, Named) and code.py is context.held[Slot("value", value.name)].py:
        return nothing(operation.target, code)
    return assigned(context, operation.target, code)


def draw(context: Context, operation: Draw) -> Written:
    """The draw of a sample."""
    context = context.of(operation.apart)
    return assigned(context, operation.target, Code(_drawing(context, operation), NO_PLATES))


def _drawing(context: Context, operation: Draw) -> Py:
    node, plates, story = operation.sample, operation.plates, context.story
    law = context.held[operation.law].py
    estimator = story.estimator(node.name)
    indices = estimator.entry.indices if estimator.entry is not None else frozenset()
    values = {
        key: _option(context, node, value, plates, key in indices)
        for key, value in (*estimator.values.items(), *estimator.sampler_values.items())
        if not is_beside(key)
    }
    values |= _context(context, node, plates)
    given = [_given(context, node)] if operation.replayed else []
    chosen = _drawn_by(context, node.name)
    place = _place(context, operation)
    if place is not None:
        return method(chosen, "draw", law, *(given or [NONE]), place, **values)
    return method(chosen, "draw", law, *given, **values)


def _drawn_by(context: Context, sample: str) -> Py:
    """The method of a sample; where outcomes are listed in parts, it must have stayed `Expect`."""
    estimation = context.estimation
    listed = sample in estimation.separation.samples or sample in estimation.sequences
    return context.expect(sample) if listed else context.method_of(sample)


def _place(context: Context, operation: Draw) -> Py | None:
    """Where the sample stands; None where it opens a plate that has a dimension of its own."""
    node, estimation = operation.sample, context.estimation
    if node.name in estimation.separation.samples:
        return call(context.runtime("FactorsApart"))
    if node.name in estimation.sequences:
        return _every_sequence(context, operation)
    if node.joins or node.loops:
        dim = literal(context.storage.dim(node.plate, operation.plates))
        if operation.joint is None:
            return call(context.runtime("In"), plate_dim=dim)
        before, held = context.held[operation.joint].py, _held(context, operation)
        return call(context.runtime("Extending"), before, plate_dim=dim, **held)
    if node.name in context.storage.flat:
        return context.runtime("SINGLE")
    if _extended(context, node):
        return call(context.runtime("Own"), extended=literal(True))
    return None


def _held(context: Context, operation: Draw) -> dict[str, Py]:
    """The sequences that have ended, where some may have."""
    if operation.sample.mask is None:
        return {}
    stopped = _stopped(context, operation.sample, operation.plates)
    return {"held": call(context.runtime("Held"), *stopped)}


def _extended(context: Context, node: Sample) -> bool:
    """Whether further variables will extend the joint sample that ``node`` opens."""
    others = (s for s in context.graph.along(node.plate) if s.joins)
    return any(context.story.estimator(s.name).joint for s in others)


def _every_sequence(context: Context, operation: Draw) -> Py:
    """One step of every sequence of outcomes, some of which may have ended."""
    node, storage = operation.sample, context.storage
    place = _steps(context)
    if node.mask is not None:
        place["plate_dim"] = literal(storage.dim(node.name, operation.plates))
        return call(context.runtime("EverySequence"), **place, **_held(context, operation))
    stored = context.held[operation.law].stored
    full = storage.full(node.type.plates)
    place["plate_dim"] = literal(storage.dim(node.name, stored | {node.name}))
    place["given_dim"] = literal(storage.dim(node.name, full))
    place["own"] = literal(node.name in stored)
    return call(context.runtime("EverySequence"), **place)


def _steps(context: Context) -> dict[str, Py]:
    """The step of every loop around, and their numbers of steps."""
    around = context.around
    return {
        "steps": tuple_of(*(context.held[Slot("counter", loop.counter)].py for loop in around)),
        "counts": tuple_of(*(context.held[Slot("count", loop.name)].py for loop in around)),
    }


def given_value(context: Context, sample: str, replayed: bool) -> Py:
    """What the caller wants replayed of a sample, or None, as where it is drawn anew."""
    return method(context.module.replayed, "get", literal(sample)) if replayed else NONE


def _given(context: Context, node: Sample) -> Py:
    """The value that the caller wants replayed, or None; in a loop that of this step."""
    given = given_value(context, node.name, True)
    if not node.loops:
        return given
    plates = literal(len(node.type.plates))  # all of them, also those without a dimension
    return call(context.runtime("step_of"), given, plates=plates, **_steps(context))


def _stopped(context: Context, node: Sample, plates: Plates) -> tuple[Py, Py]:
    """The elements that have not stopped, and the values that the others keep."""
    assert node.mask is not None
    code = context.value(node.mask)
    alive = align_whole(context.storage, code.py, code.stored, plates)
    return alive, context.held[Slot("value", node.name)].py


def _context(context: Context, node: Sample, plates: Plates) -> dict[str, Py]:
    """``context=(None, h)``: what a critic is told, with all plates; None is where it is asked."""
    estimator = context.story.estimator(node.name)
    for option, given in estimator.constants.items():
        if isinstance(given, ModuleOption) and given.asked is not None:
            slots = context.graph.callees[given.name].arguments
            names = given.context(option)
            told = [
                _told(context, estimator.values.get(names.get(i, "")), slots[i], plates)
                for i in range(given.arguments)
            ]
            return {"context": tuple_of(*told)}
    return {}


def _told(
    context: Context, value: Value | Construct | Named | None, slot: Passed, plates: Plates
) -> Py:
    if value is None:
        return NONE
    assert not isinstance(value, Construct | Named)
    if isinstance(value, Counter | Extent | Literal) and value.type.dtype == "int":
        return context.value(value).py  # a number of Python's
    code = typed(context, value, slot.items[0])
    return align_whole(context.storage, code.py, code.stored, plates)


def _option(
    context: Context,
    node: Sample,
    value: Value | Construct | Named,
    plates: Plates,
    of_plates: bool,
) -> Py:
    """An option that is a value of the story, aligned with the parameters of the distribution.

    One ``of_plates`` has the dimensions of the plates alone.
    """
    event = node.distribution.type.batch + node.distribution.type.event
    if isinstance(value, Construct | Named):
        rank = len(event) - len(value.type.event)
        return distribution(context, value, plates, rank, tensor=True).py
    code = looked_at_temperature(context, node, value, context.value(value))
    rank = 0 if of_plates else len(event)
    return align(context.storage, code.py, code.stored, value.type.rank, plates, rank)


def again(context: Context, operation: Again) -> Written:
    """The values of this step as they were drawn."""
    steps = context.held[operation.target].py
    for loop in context.around:
        steps = index(member(steps, "draws"), context.held[Slot("counter", loop.counter)].py)
    drawn = Local(operation.target.called)
    return assigned(context, operation.target, Code(steps, NO_PLATES), called=drawn.wanted)


def hold(context: Context, operation: Hold) -> Written:
    """The draw, in which elements that have stopped keep the value that they had."""
    stopped = _stopped(context, operation.sample, operation.plates)
    kept = call(context.runtime("held"), context.held[operation.target].py, *stopped)
    return assigned(context, operation.target, Code(kept, NO_PLATES))


def take(context: Context, operation: Take) -> Written:
    """The values of a draw."""
    value = Code(member(context.held[operation.draw].py, "value"), operation.stored)
    code = settled(context, value, operation.type, operation.settled)
    shown = shape(context, operation.type, code.stored)
    return assigned(context, operation.target, code, shown)


def outcomes(context: Context, operation: Outcomes) -> Written:
    """The outcomes of one step of a chain, each with its probability."""
    node = operation.sample
    made = distribution(context.of(operation.apart), node.distribution, NO_PLATES, tensor=True)
    given = given_value(context, node.name, operation.replayed)
    states = {"states": context.plate_size(operation.before)} if operation.before else {}
    place = call(context.runtime("Chained"), **states)
    drawn = method(context.expect(node.name), "draw", made.py, given, place)
    written = assigned(context, operation.target, Code(drawn, NO_PLATES))
    value = member(written.filled[operation.target].py, "value")
    size = Code(index(member(value, "shape"), literal(0)), NO_PLATES)
    law = Code(made.py, made.stored)
    sizes = {Slot("size", node.name): size, Slot("law", node.name): law}
    return Written(written.statements, {**written.filled, **sizes})
