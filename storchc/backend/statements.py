"""The statements of a story as statements of ``forward``."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from storchc.analysis.estimator import Estimator
from storchc.backend import calls, elimination, joining, proposals, sequences
from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.distributions import distribution, expanded, looked_at_temperature
from storchc.backend.stepping import Kept
from storchc.backend.writer import Writer
from storchc.ir.expression import CallUser, Construct, Named, Reference, Value
from storchc.ir.names import spelled
from storchc.ir.nodes import Compute, Cost, Node, Report, Sample
from storchc.ir.types import DistributionType, Plates, ValueType
from storchc.python.expressions import (
    NONE,
    Py,
    call,
    index,
    literal,
    member,
    method,
    name,
    tuple_of,
)


def write_statement(writer: Writer, block: Block, node: Compute | Sample | Cost | Report) -> None:
    """One statement of the story."""
    match node:
        case Compute():
            _compute(writer, block, node)
        case Sample():
            _sample(writer, block, node)
        case Cost():
            _cost(writer, block, node)
        case Report():
            _report(writer, block, node)
        case _:
            assert_never(node)


def _compute(writer: Writer, block: Block, node: Compute) -> None:
    block.story(node.span)
    writer = writer.making(node.names[0])
    if isinstance(node.value, CallUser) and len(node.types) > 1:
        _compute_several(writer, block, node, node.value)
    elif isinstance(node.value, Construct | Named):
        made = distribution(writer, node.value, frozenset(), tensor=True)
        target = define(writer, node.names[0], made.stored)
        block.assign(target, made.py, comment(writer, node.types[0], made.stored))
        if node.names[0] in _sampled(writer) and not writer.elsewhere:
            block.when("keep_param_grads", method(name(target), "retain_grads"))
    else:
        code = settled(writer, node.names[0], _whole(writer, node.value), node.value.type)
        target = define(writer, node.names[0], code.stored)
        block.assign(target, code.py, comment(writer, node.types[0], code.stored))


def _whole(writer: Writer, value: Value) -> Code:
    """The value of a statement: a call needs no second name."""
    if isinstance(value, CallUser):
        return calls.call_user(writer, value)
    return writer.tensor(writer.value(value), value.type.dtype)


def _sampled(writer: Writer) -> set[str]:
    """The names of distributions whose parameters' gradients are looked at."""
    shown = (s for s in writer.graph.samples if elimination.chain_of(writer, s.name) is None)
    return {s.distribution.name for s in shown if isinstance(s.distribution, Named)}


def _compute_several(writer: Writer, block: Block, node: Compute, value: CallUser) -> None:
    callee = writer.graph.callees[value.callee]
    result, stored = calls.called(writer, value, callee)
    targets = [define(writer, n, stored) for n in node.names]
    counted = method(writer.constants[callee.name], "counted", result)
    block.assign(_pattern(callee.results, targets), counted)
    for position, (story_name, wanted) in enumerate(zip(node.names, value.results, strict=True)):
        target = name(targets[position])
        checked = calls.checked(writer, callee, position, wanted, target, stored)
        code = settled(writer, story_name, Code(checked, stored), wanted)
        writer.stored[story_name] = code.stored
        block.assign(targets[position], code.py, comment(writer, node.types[position], code.stored))


def _pattern(slots: tuple[object, ...], targets: list[str]) -> str:
    """``a, (b, c)``: the targets in the form of the callee's results."""
    parts, left = [], list(targets)
    for slot in slots:
        size = len(slot.items)  # type: ignore[attr-defined]
        taken, left = left[:size], left[size:]
        grouped = slot.is_tuple and len(slots) > 1  # type: ignore[attr-defined]
        parts.append(f"({', '.join(taken)})" if grouped else ", ".join(taken))
    return ", ".join(parts)


def define(writer: Writer, story_name: str, stored: Plates) -> str:
    """The local name of a value from here on; a carried variable keeps the one that it has."""
    writer.stored[story_name] = stored
    if story_name not in writer.stepping.carried or story_name not in writer.locals:
        writer.locals[story_name] = writer.identifiers.local(spelled(story_name))
    return writer.locals[story_name]


def settled(
    writer: Writer, story_name: str, code: Code, type_: ValueType, plates: Plates | None = None
) -> Code:
    """A value under its name: a carried variable has one dtype in every step, and all its plates.

    At the start of a loop it may have other ``plates``.
    """
    carried = writer.stepping.carried.get(story_name)
    code = writer.tensor(code, type_.dtype)
    if carried is None:
        return code
    if carried.dtype == "float":
        code = writer.floated(code, type_.dtype)
    full = writer.stepping.narrow.get(story_name, writer.storage.full(carried.plates))
    full = full if plates is None else plates
    return Code(writer.expand(code, type_.rank, full), full)


def comment(writer: Writer, type_: ValueType | DistributionType, stored: Plates) -> str:
    """``[z, data, K, C]``: the plates in memory and the event."""
    shape = type_.shape if isinstance(type_, ValueType) else type_.batch + type_.event
    sizes = [*writer.storage.order(stored), *map(str, shape)]
    return f"[{', '.join(sizes)}]" if sizes else "[]"


# --- samples -------------------------------------------------------------------------------------


def _sample(writer: Writer, block: Block, node: Sample) -> None:
    estimator = writer.estimation.estimators[node.name]
    block.story(node.span, _given_method(writer, node, estimator))
    chain = elimination.chain_of(writer, node.name)
    if chain is not None:
        code = elimination.write_outcomes(writer, block, node, chain)
        _value(writer, block, node, code)
        return
    if node.name in writer.stepping.drawn:
        _as_drawn(writer, block, node)
        return
    if learns(writer, node) and node.loops:
        _baseline_of_step(writer, block, node)
    own = frozenset() if node.joins or node.loops else frozenset({node.name})
    plates = writer.storage.full(node.type.plates - own)
    apart = estimator.enumerated and node.mask is None
    aligned = frozenset[str]() if apart else plates
    made = distribution(writer, node.distribution, aligned, tensor=True)
    law = made.py if apart else expanded(writer, made, plates)
    # what an enumerated sample weighs has all plates along which its sequences end
    writer.distribution_plates[node.name] = made.stored if apart else plates
    target = _law(writer, block, node, law)
    draw = writer.identifiers.local(f"{node.name}_draw")
    writer.draws[node.name] = draw
    block.assign(draw, _drawing(writer, node, name(target), plates))
    if node.mask is not None and not (joining.extends(writer, node) or estimator.enumerated):
        block.assign(draw, _held(writer, node, node.mask, draw, plates))
    stored = frozenset({node.name}) if apart else plates | writer.storage.full(own)
    value = _drawn(writer, block, node, stored)
    if node.name in writer.estimation.separation.samples:
        copies = writer.estimation.separation.samples[node.name].copies
        writer.locals |= dict.fromkeys(copies, value)


def _as_drawn(writer: Writer, block: Block, node: Sample) -> None:
    """The values of this step as they were drawn, where the story is written once more."""
    steps: Py = name(writer.stepping.drawn[node.name])
    for loop in writer.stepping.around:
        steps = index(member(steps, "draws"), name(writer.locals[loop.counter]))
    writer.draws[node.name] = draw = writer.identifiers.local(f"{node.name}_draw")
    block.assign(draw, steps)
    _drawn(writer, block, node, writer.storage.full(node.type.plates))


def _drawn(writer: Writer, block: Block, node: Sample, stored: Plates) -> str:
    """The local name of what was drawn; what was joint before follows it."""
    draw = name(writer.draws[node.name])
    value = _value(writer, block, node, Code(member(draw, "value"), stored))
    if joining.extends(writer, node):
        joining.choose(writer, block, node)
    proposals.step(writer, block, node)
    return value


def _value(writer: Writer, block: Block, node: Sample, code: Code) -> str:
    """The local name of the values of a sample."""
    code = settled(writer, node.name, code, node.type)
    value = define(writer, node.name, code.stored)
    block.assign(value, code.py, comment(writer, node.type, code.stored))
    return value


def _given_method(writer: Writer, node: Sample, estimator: Estimator) -> str:
    """What to say of a sample whose method was given from outside the story."""
    text_end = len(writer.graph.source.text)
    if node.method is None or node.method.span.start <= text_end:
        return ""
    return f"sample {node.name} with {estimator.name}, as given when it was compiled"


def _law(writer: Writer, block: Block, node: Sample, code: Py) -> str:
    """The local name of the distribution that a sample is drawn from."""
    if isinstance(node.distribution, Named):
        plain = writer.locals[node.distribution.name]
        if code == name(plain):
            return plain
    target = writer.identifiers.local(f"{node.name}_law")
    block.assign(target, code)
    made_here = node.loops or not isinstance(node.distribution, Named)
    if made_here and not writer.elsewhere:
        block.when("keep_param_grads", method(name(target), "retain_grads"))
    return target


def _drawing(writer: Writer, node: Sample, law: Py, plates: Plates) -> Py:
    estimator = writer.estimation.estimators[node.name]
    given = [] if writer.elsewhere else [_given(writer, node)]
    indices = estimator.entry.indices if estimator.entry is not None else frozenset()
    values = {
        key: _option(writer, node, value, plates, key in indices)
        for key, value in (*estimator.values.items(), *estimator.sampler_values.items())
        if key != "baseline"
    }
    chosen = index(writer.inner("methods"), literal(node.name))
    if node.name in writer.estimation.separation.samples:
        return method(writer.expect(node.name), "draw_apart", law, *given)
    if node.name in writer.estimation.sequences:
        return _of_sequences(writer, node, law, plates)
    if node.joins or node.loops:
        dim = literal(writer.storage.dim(node.plate, plates))
        if joining.extends(writer, node):
            before = joining.before(writer, node)
            if node.mask is not None:
                stopped = _stopped(writer, node, node.mask, plates)
                values["held"] = call(writer.runtime("Held"), *stopped)
            return method(chosen, "draw_joint", law, before, *(given or [NONE]), dim, **values)
        if estimator.sampler is not None and estimator.sampler.coupled:
            values["along"] = dim
        return method(chosen, "draw_each", law, *(given or [NONE]), dim, **values)
    if node.name in writer.storage.flat:
        return method(chosen, "draw_single", law, *given, **values)
    opening = "draw_first" if joining.extended(writer, node) else "draw"
    return method(chosen, opening, law, *given, **values)


def _of_sequences(writer: Writer, node: Sample, law: Py, plates: Plates) -> Py:
    """The outcomes of one step of every sequence, some of which may have ended."""
    given = NONE if writer.elsewhere else _given(writer, node)
    chosen, steps = writer.expect(node.name), sequences.steps(writer)
    if node.mask is None:
        return method(chosen, "draw_step", law, given, *steps, *sequences.places(writer, node))
    place = literal(writer.storage.dim(node.name, plates))
    stopped = _stopped(writer, node, node.mask, plates)
    return method(chosen, "draw_ending_step", law, given, *steps, place, *stopped)


def given_value(writer: Writer, sample: str) -> Py:
    """What the caller wants replayed of a sample, or None, as where the story is written anew."""
    return NONE if writer.elsewhere else method(writer.inner("replayed"), "get", literal(sample))


def _given(writer: Writer, node: Sample) -> Py:
    """The value that the caller wants replayed, or None; in a loop that of this step."""
    given = given_value(writer, node.name)
    if not node.loops:
        return given
    around = writer.stepping.around
    steps = tuple_of(*(name(writer.locals[loop.counter]) for loop in around))
    counts = tuple_of(*(writer.stepping.counts[loop.name] for loop in around))
    dim = literal(len(node.type.plates))  # all of them, also those without a dimension
    return call(writer.runtime("step_of"), given, dim, steps, counts)


def _held(writer: Writer, node: Sample, mask: Value, draw: str, plates: Plates) -> Py:
    """The draw, in which elements that have stopped keep the value that they had."""
    return call(writer.runtime("held"), name(draw), *_stopped(writer, node, mask, plates))


def _stopped(writer: Writer, node: Sample, mask: Value, plates: Plates) -> tuple[Py, Py]:
    """The elements that have not stopped, and the values that the others keep."""
    code = writer.value(mask)
    alive = writer.storage.align_whole(code.py, code.stored, plates)
    return alive, name(writer.locals[node.name])


def _option(
    writer: Writer,
    node: Sample,
    value: Value | Construct | Named,
    plates: Plates,
    of_plates: bool,
) -> Py:
    """An option that is a value of the story, aligned with the parameters of the distribution.

    One ``of_plates`` has the dimensions of the plates alone.
    """
    if isinstance(value, Construct | Named):
        made = distribution(writer, value, plates, len(node.distribution.type.batch), tensor=True)
        return made.py
    code = looked_at_temperature(writer, node, value, writer.value(value))
    event = node.distribution.type.batch + node.distribution.type.event
    rank = 0 if of_plates else len(event)
    return writer.storage.align(code.py, code.stored, value.type.rank, plates, rank)


# --- costs and reports ---------------------------------------------------------------------------


def _cost(writer: Writer, block: Block, node: Cost) -> None:
    if isinstance(node.value, Reference) and node.value.name == node.name:
        writer.costs[node.name] = writer.as_float(node.value)
        return
    block.story(node.span)
    floating = node.value.type.dtype == "float"
    code = _whole(writer, node.value) if floating else writer.as_float(node.value)
    if node.observed or node.name in writer.locals:  # the name of a value that is no cost itself
        target = writer.identifiers.local(f"{node.name}_cost")
    else:
        code = settled(writer, node.name, code, replace(node.value.type, dtype="float"))
        target = define(writer, node.name, code.stored)
    block.assign(target, code.py, comment(writer, node.value.type, code.stored))
    writer.costs[node.name] = Code(name(target), code.stored)


def _report(writer: Writer, block: Block, node: Report) -> None:
    if node.name in writer.locals or (node.loops and reported(writer, node) != node.name):
        return
    block.story(node.span)
    code = _whole(writer, node.value)
    target = define(writer, node.name, code.stored)
    block.assign(target, code.py, comment(writer, node.value.type, code.stored))


def reported(writer: Writer, node: Node) -> str:
    """The name of what a report shows: its own, where the value has none in this function."""
    assert isinstance(node, Report)
    shown = node.value.name if isinstance(node.value, Reference) else node.name
    return shown if shown in writer.locals else node.name


def learns(writer: Writer, node: Sample) -> bool:
    """Whether the sample has a learned baseline that something depends on."""
    learned = "baseline" in writer.estimation.estimators[node.name].values
    learned = learned and node.name not in writer.stepping.passing
    return learned and node.name in writer.estimation.credit.groups


def _baseline_of_step(writer: Writer, block: Block, node: Sample) -> None:
    """The learned baseline in this step, left as it is known before the sample is drawn."""
    code = baseline(writer, node)
    assert code is not None
    code = writer.tensor(code)
    steps = writer.stepping.lists[Kept("baseline", node.name)]
    block.expression(method(name(steps), "append", code.py))
    writer.stepping.baselines[node.name] = code


def baseline(writer: Writer, node: Sample) -> Code | None:
    """The learned baseline of a sample, its inputs detached; in a loop that of every step."""
    if node.name in writer.stepping.baselines:
        return writer.stepping.baselines[node.name]
    value = writer.estimation.estimators[node.name].values.get("baseline")
    return None if value is None else writer.cut().as_float(value)  # type: ignore[arg-type]
