"""What stands around the steps of a loop, and what they leave, as statements."""

from __future__ import annotations

from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.joint import lines_at
from storchc.emit.places import place
from storchc.emit.samples import given_value
from storchc.emit.terms import emitted
from storchc.emit.written import TENSOR, Written, assigned, nothing, settled, shape
from storchc.ir.expression import Literal
from storchc.ir.names import spelled
from storchc.ir.types import NO_PLATES, Plates, ValueType
from storchc.program.loops import Append, Collect, Count, Item, Open, Reach, Stack, Start
from storchc.program.slots import Slot
from storchc.program.terms import Expression, Read, Term
from storchc.python.expressions import (
    Local,
    Py,
    builtin,
    call,
    index,
    infix,
    list_of,
    literal,
    method,
    tuple_of,
)
from storchc.python.statements import Assign, Do, Statement


def open_plate(context: Context, operation: Open) -> Written:
    """The plate that a sample in a loop opens: of a sample that is listed, all sequences."""
    node = operation.sample
    whole = context.estimation.sequences.get(node.name)
    if whole is not None:
        counts = literal(whole.states), literal(whole.draws)
        made = method(context.expect(node.name), "sequences", *counts)
    else:
        given = given_value(context, node.name, operation.replayed)
        dim = context.storage.dim(node.name, context.storage.full(node.type.plates))
        chosen = context.method_of(node.name)
        made = call(context.runtime("opened"), chosen, given, dim=literal(dim))
    return assigned(context, operation.target, Code(made, NO_PLATES))


def count(context: Context, operation: Count) -> Written:
    """The number of steps; where it may come out below 1 it is checked, once."""
    loop = operation.loop
    size = context.size(loop.bound)
    free = [d.name for d in context.graph.dims.values() if d.value is None]
    if loop.bound.value is not None or loop.bound.canonical() in free:
        return nothing(operation.target, Code(size, NO_PLATES))
    where = literal(place(context.graph.source, loop.header))
    made = call(context.runtime("number_of_steps"), size, where)
    called = f"{loop.counter}_count"
    return assigned(context, operation.target, Code(made, NO_PLATES), called=called)


# --- carried variables ---------------------------------------------------------------------------


def start(context: Context, operation: Start) -> Written:
    """A carried variable before the first step, with all the plates that steps give it."""
    carried, plates, slot = operation.carried, operation.settled.plates, operation.target
    shown = shape(context, carried.type, plates)
    if isinstance(carried.initial, Literal):
        code = _filled(context, carried.initial, carried.type, plates)
        return assigned(context, slot, code, shown)
    inside = context.of(operation.apart, detached=operation.detached)
    code = inside.tensor(inside.value(carried.initial), carried.initial.type.dtype)
    target, before = context.target(slot), list[Statement]()
    own = _is_param(context, code.py)
    if code.stored != plates and not (own or isinstance(code.py, Local)):
        before.append(Assign(target, code.py))
        code = Code(target, code.stored)
    code = settled(context, code, carried.initial.type, operation.settled)
    filled = {slot: Code(target, plates)}
    if code.py is target:  # held from the loop around
        return Written(tuple(before), filled)
    param = _is_param(context, code.py) and slot not in context.own
    annotation = TENSOR if param else None  # later steps hold no `nn.Parameter`
    return Written((*before, Assign(target, code.py, shown, annotation)), filled)


def _is_param(context: Context, code: Py) -> bool:
    return any(code == context.attribute(param.name) for param in context.graph.params)


def _filled(context: Context, initial: Literal, type_: ValueType, plates: Plates) -> Code:
    """A number as a tensor of every element."""
    sizes = (*context.plate_sizes(plates), *(context.size(size) for size in type_.shape))
    number = float(initial.value) if type_.dtype == "float" else initial.value
    options = context.creation(type_.dtype)
    made = call(context.torch("torch.full"), tuple_of(*sizes), literal(number), **options)
    return Code(made, plates)


def reach(context: Context, operation: Reach) -> Written:
    """Nothing is drawn from a proposal yet: all elements count alike."""
    node = operation.sample
    plates = context.storage.full(node.type.plates)
    sizes, one = tuple_of(*context.plate_sizes(plates)), literal(1.0)
    share = one if node.joins else infix("/", one, context.plate_size(node.plate))
    made = call("torch.full", sizes, share, **context.creation("float"))
    weight = assigned(context, operation.weight, Code(made, plates))
    none = call("torch.zeros_like", weight.filled[operation.weight].py)
    score = assigned(context, operation.score, Code(none, plates))
    return Written(weight.statements + score.statements, {**weight.filled, **score.filled})


# --- what the steps leave ------------------------------------------------------------------------

_STACKED: dict[Item, str] = {
    "draw": "{}_steps",
    "cost": "{}_by_step",
    "value": "{}_sequence",
    "baseline": "{}_baseline_by_step",
    "alive": "alive_by_step",
    "report": "{}_sequence",
}


def collect(context: Context, operation: Collect) -> Written:
    """An empty list for what the steps will leave."""
    target = Local(operation.target.called)
    of = context.runtime("Drawn") if operation.item == "draw" else TENSOR
    made = Assign(target, list_of(), annotation=index(builtin("list"), of))
    return Written((made,), {operation.target: Code(target, NO_PLATES)})


def append(context: Context, operation: Append) -> Written:
    """One more in a list."""
    steps, code = context.held[operation.target].py, _stored(context, operation.term)
    listed = Code(steps, code.stored)
    return Written((Do(method(steps, "append", code.py)),), {operation.target: listed})


def _stored(context: Context, term: Term) -> Code:
    """A term with the plates that it has in this step."""
    match term:
        case Read(slot):
            return context.held[slot]
        case Expression(value, apart, detached):
            return context.of(apart, detached=detached).as_float(value)
        case _:
            return Code(emitted(context, term), term.stored)


def stack(context: Context, operation: Stack) -> Written:
    """What the steps have left, as one: for the steps around, or for the rest of the story."""
    code = _draws(context, operation) if operation.item == "draw" else _stacked(context, operation)
    if operation.into is not None:
        outer = context.held[operation.into].py
        statements = (Do(method(outer, "append", code.py)),)
        listed = Code(outer, code.stored)
        return Written(statements, {operation.target: code, operation.into: listed})
    target = Local(_STACKED[operation.item].format(spelled(operation.name)))
    filled = {operation.target: Code(target, code.stored)}
    return Written((Assign(target, code.py),), filled)


def _draws(context: Context, operation: Stack) -> Code:
    """The draws of a sample in all steps."""
    steps, sample = context.held[operation.steps].py, context.story.samples[operation.name]
    count = context.held[Slot("count", operation.loop.name)].py
    estimator = context.story.estimator(sample.name)
    traced = next((t for t in operation.traced if t.plate == sample.plate), None)
    if traced is not None:
        lines = lines_at(context, traced, NO_PLATES)
        if estimator.joint:
            joint = context.held[Slot("joint", sample.plate)].py
            made = call(context.runtime("JointSteps"), steps, count, lines, joint)
        else:
            full = context.storage.full(sample.type.plates)
            dim = literal(context.storage.dim(sample.plate, full))
            made = call(context.runtime("StepsAlong"), steps, count, lines, dim)
    elif sample.name in context.estimation.sequences:
        kind = "Sequences" if sample.mask is None else "EndingSequences"
        made = call(context.runtime(kind), steps, count)
    else:
        opened = not sample.joins and estimator.weighted and operation.into is None
        elements = {"elements": context.plate_size(sample.name)} if opened else {}
        made = call(context.runtime("Steps"), steps, count, **elements)
    return Code(made, NO_PLATES)


def _stacked(context: Context, operation: Stack) -> Code:
    """The steps as one value: in front of all plates, or as the first event dimension."""
    held = context.held[operation.steps]
    steps, stored, loop = held.py, held.stored, operation.loop
    for traced in operation.traced:
        if traced.plate in stored:
            lines = lines_at(context, traced, stored)
            dim = literal(context.storage.dim(traced.plate, stored))
            steps = call(context.runtime("along"), steps, lines, dim=dim)
    if operation.item in ("value", "report"):
        return Code(_sequence(context, operation, steps), stored)
    made = call("torch.stack", steps)
    if operation.item == "alive" and operation.name == loop.name:
        made = method(made, "to", context.creation("float")["dtype"])
    return Code(made, stored | {loop.name})


def _sequence(context: Context, operation: Stack, steps: Py) -> Py:
    """A variable over time: the steps are the first event dimension."""
    dim, loop = literal(-1 - operation.rank), operation.loop
    if loop.alive is None:
        return call("torch.stack", steps, dim=dim)
    count, rest = context.held[Slot("count", loop.name)].py, dict[str, Py]()
    if operation.rest is not None:
        last = context.held[operation.rest].py
        zeros = call(context.torch("torch.zeros_like"), last)
        rest["rest"] = zeros if operation.zero else last
    return call(context.runtime("sequence"), steps, count, dim=dim, **rest)
