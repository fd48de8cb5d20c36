"""Values as code."""

from __future__ import annotations

import math

from storchc.catalogue import distributions as families
from storchc.catalogue import functions
from storchc.catalogue.family import Family
from storchc.catalogue.function import Emission, Function
from storchc.catalogue.functions.along import SPREADS, pair
from storchc.emit import calls, chains, distributions, evidence, indexing, over, separated
from storchc.emit.alignment import align
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.places import place
from storchc.ir.expression import (
    AlongSteps,
    Apply,
    CallUser,
    Counter,
    Divergence,
    Entropy,
    Evidence,
    Expected,
    Extent,
    Literal,
    LogProb,
    OverPlates,
    Property,
    Reference,
    Renamed,
    Select,
    SequenceOf,
    StaticChoice,
    SummedOut,
    Value,
)
from storchc.ir.ranges import ANYTHING, Range
from storchc.ir.types import NO_PLATES, Plates, ValueType
from storchc.program.slots import Slot
from storchc.python.expressions import (
    HERE,
    Choice,
    Imported,
    Py,
    call,
    infix,
    literal,
    method,
    tuple_of,
)

_LOGARITHMS = {"log": 1.0, "log10": math.log(10), "log2": math.log(2)}


def translate(context: Context, value: Value) -> Code:
    """Code for any value."""
    match value:
        case Literal():
            return Code(_number(context, value), NO_PLATES, plain=True)
        case Extent(size, _, _):
            return Code(context.size(size), NO_PLATES, plain=True)
        case Reference():
            return _reference(context, value)
        case Counter():
            return Code(context.held[Slot("counter", value.name)].py, NO_PLATES, plain=True)
        case SequenceOf():
            return _sequence(context, value)
        case Apply():
            return _apply(context, value)
        case Select():
            return indexing.select(context, value)
        case OverPlates():
            return over.over_plates(context, value)
        case CallUser():
            return calls.call_user(context, value)
        case StaticChoice():
            return _choice(context, value)
        case Expected():
            return separated.expected(context, value)
        case SummedOut():
            return chains.summed_out(context, value)
        case AlongSteps():
            return evidence.along_steps(context, value)
        case Evidence():
            return evidence.evidence(context, value)
        case Renamed():
            return separated.renamed(context, value)
        case LogProb() if code := separated.own_log_prob(context, value):
            return code
        case LogProb() | Divergence() | Entropy() | Property():
            return distributions.function(context, value)


def _number(context: Context, value: Literal) -> Py:
    """A number; by the name of the dim that stands there in the story."""
    dim = context.graph.dims.get(context.graph.source.cut(value.span))
    named = dim is not None and type(value.value) is int and dim.value == value.value
    return Imported(dim.name, HERE) if dim is not None and named else literal(value.value)


def _reference(context: Context, value: Reference) -> Code:
    if value.name in context.module.attributes:
        param = context.attribute(value.name)
        shared = context.detached and value.name not in context.story.owned
        return Code(method(param, "detach") if shared else param, NO_PLATES)
    return _cut(context, value.name, context.held[Slot("value", value.name)])


def _sequence(context: Context, value: SequenceOf) -> Code:
    name = value.value.name
    return _cut(context, name, context.held[Slot("sequence", name)])


def _cut(context: Context, name: str, code: Code) -> Code:
    return Code(method(code.py, "detach"), code.stored) if context.cuts(name) else code


def _choice(context: Context, value: StaticChoice) -> Code:
    condition = context.value(value.condition).py
    then, otherwise = context.value(value.then), context.value(value.otherwise)
    if then.plain and otherwise.plain:
        return Code(Choice(then.py, condition, otherwise.py), NO_PLATES, plain=True)
    stored = then.stored | otherwise.stored
    whole = ValueType(stored, value.type.shape, value.type.dtype)
    left = _whole(context, then, value.then, whole)
    right = _whole(context, otherwise, value.otherwise, whole)
    return Code(Choice(left, condition, right), stored)


def _whole(context: Context, code: Code, value: Value, wanted: ValueType) -> Py:
    """A side of a choice with the stored plates, the shape and the dtype of both."""
    sizes = (*context.plate_sizes(wanted.plates), *map(context.size, wanted.shape))
    if code.plain and sizes:
        options = context.creation(wanted.dtype)
        return call(context.torch("torch.full"), tuple_of(*sizes), code.py, **options)
    if code.plain:
        return context.tensor(code, wanted.dtype).py
    if value.type.dtype != wanted.dtype:
        code = Code(method(code.py, "to", context.creation(wanted.dtype)["dtype"]), code.stored)
    if code.stored == wanted.plates and value.type.shape == wanted.shape:
        return code.py
    rank, plates = value.type.rank, wanted.plates
    aligned = align(context.storage, code.py, code.stored, rank, plates, len(wanted.shape))
    return method(aligned, "expand", *sizes)


def _looked_at(context: Context, code: Code, value: Apply, position: int) -> Code:
    """A denominator, or two elements of the spread that is one; the first call sees its sign."""
    source, span = context.graph.source, value.operands[position].span
    text = " ".join(source.cut(span).split())
    subject = literal(f"{place(source, span)}: `{text}`")
    if value.function in SPREADS:
        looked = call("self.one_order", code.py, literal(pair(value)), subject)
    else:
        looked = call("self.one_sign", code.py, subject)
    return Code(looked, code.stored, code.plain)


def _of_classes(context: Context, code: Code, value: Apply) -> Code:
    """Classes that may be more than there are, which the first call sees."""
    index, count = value.operands[0], value.type.shape[-1]
    found = context.estimation.ranges.places.get(index, ANYTHING)
    proven = count.value is not None and found.within(Range(0, count.value - 1))
    if code.plain or (proven and not found.supposed):
        return code
    source = context.graph.source
    text = " ".join(source.cut(index.span).split())
    subject = literal(f"{place(source, index.span)}: `{text}`")
    return Code(call("self.of_classes", code.py, context.size(count), subject), code.stored)


def _beside_gate(context: Context, code: Code) -> Code:
    """A factor of a probability, looked at in the first call as the probability itself would be."""
    bounds = context.runtime("SCORED_PROBABILITY")
    return Code(call("self.within", code.py, bounds, literal("probs")), code.stored, code.plain)


def _apply(context: Context, value: Apply) -> Code:
    entry = functions.lookup(value.function)
    assert entry is not None
    operands = [context.value(o) for o in value.operands]
    unsure = context.estimation.jumps.unsure.get(id(value))
    if unsure is not None:
        denominator = unsure.position
        operands[denominator] = _looked_at(context, operands[denominator], value, denominator)
    if entry.name in _LOGARITHMS and not operands[0].plain:
        family = _drawn_of(context, value.operands[0])
        if family is not None and family.logarithm:
            return _logarithm(context, operands[0], _LOGARITHMS[entry.name])
        operands[0] = _rounded(context, operands[0], value.operands[0])
    if entry.name == "one_hot":
        operands[0] = _of_classes(context, operands[0], value)
    operands = [
        _beside_gate(context, c) if id(o) in context.estimation.gated else c
        for c, o in zip(operands, value.operands, strict=True)
    ]
    plain = bool(operands) and all(c.plain for c in operands) and entry.numbers == "all"
    operands = [
        c if _takes_number(entry, i) else context.tensor(c, o.type.dtype)
        for i, (c, o) in enumerate(zip(operands, value.operands, strict=True))
    ]
    stored = frozenset().union(*(c.stored for c in operands))
    emission = Emission(
        operands=_aligned(context, entry, value, operands, stored),
        types=tuple(
            ValueType(c.stored, o.type.shape, o.type.dtype)
            for c, o in zip(operands, value.operands, strict=True)
        ),
        settings=value.settings,
        result=ValueType(stored, value.type.shape, value.type.dtype),
        plates=lambda: context.plate_sizes(stored),
        size=context.size,
        creation=lambda: context.creation(value.type.dtype),
        plain=frozenset(i for i, c in enumerate(operands) if c.plain),
    )
    if entry.cut and _remembered(context, value.operands[0]):
        return Code(call(context.runtime("cut"), operands[0].py), stored)
    return Code(entry.emit(emission), stored, plain)


def _remembered(context: Context, value: Value) -> bool:
    """Whether it is a sample as it was drawn, which knows more than its value tells."""
    family = _drawn_of(context, value)
    return family is not None and family.remembered


def _logarithm(context: Context, code: Code, base: float) -> Code:
    """The logarithm of a draw that knows it, where its value is too small for floats too."""
    found = call(context.runtime("logarithm"), code.py)
    return Code(found if base == 1.0 else infix("/", found, literal(base)), code.stored)


def _rounded(context: Context, code: Code, value: Value) -> Code:
    """The value of a logarithm, looked at where draws end at the smallest number instead of 0."""
    family = _drawn_of(context, value)
    if family is None or not family.inside:
        return code
    source = context.graph.source
    subject = literal(f"{place(source, value.span)}: `{source.cut(value.span)}`")
    return Code(call("self.unrounded", code.py, subject), code.stored)


def _drawn_of(context: Context, value: Value) -> Family | None:
    """The family of a sample, where the value is just that."""
    sample = context.story.samples.get(value.name) if isinstance(value, Reference) else None
    return None if sample is None else families.row(sample.distribution.type)


def _aligned(
    context: Context, entry: Function, value: Apply, operands: list[Code], stored: Plates
) -> tuple[Py, ...]:
    ranks = [o.type.rank for o in value.operands]
    highest = max(ranks, default=0)
    match entry.align:
        case "broadcast":
            return tuple(
                align(context.storage, c.py, c.stored, r, stored, highest)
                for c, r in zip(operands, ranks, strict=True)
            )
        case "plates":
            return tuple(
                align(context.storage, c.py, c.stored, r, stored)
                for c, r in zip(operands, ranks, strict=True)
            )
        case "expand":
            return tuple(context.expand(c, r, stored) for c, r in zip(operands, ranks, strict=True))


def _takes_number(entry: Function, position: int) -> bool:
    return entry.numbers == "all" or (entry.numbers != "none" and position in entry.numbers)
