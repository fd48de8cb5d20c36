"""Values as code."""

from __future__ import annotations

from dataclasses import replace

from storchc.backend import calls, distributions, elimination, indexing, reductions, separated
from storchc.backend.block import place
from storchc.backend.code import Code
from storchc.backend.writer import Writer
from storchc.catalogue import functions
from storchc.catalogue.function import Emission, Function
from storchc.ir.expression import (
    Apply,
    CallUser,
    Counter,
    Divergence,
    Entropy,
    Expected,
    Extent,
    Literal,
    LogProb,
    LogProbEach,
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
from storchc.ir.types import NO_PLATES, Plates, ValueType
from storchc.python.expressions import (
    Choice,
    Py,
    call,
    literal,
    method,
    name,
    tuple_of,
)


def translate(writer: Writer, value: Value) -> Code:
    """Code for any value."""
    match value:
        case Literal(number, _, _):
            return Code(literal(number), NO_PLATES, plain=True)
        case Extent(size, _, _):
            return Code(writer.size(size), NO_PLATES, plain=True)
        case Reference():
            return _reference(writer, value)
        case Counter():
            return Code(name(writer.locals[value.name]), NO_PLATES, plain=True)
        case SequenceOf():
            return _sequence(writer, value)
        case Apply():
            return _apply(writer, value)
        case Select():
            return indexing.select(writer, value)
        case OverPlates():
            return reductions.over_plates(writer, value)
        case CallUser():
            return calls.call_user(writer, value, apart=True)
        case StaticChoice():
            return _choice(writer, value)
        case Expected():
            return separated.expected(writer, value)
        case SummedOut():
            return elimination.summed_out(writer, value)
        case Renamed():
            return separated.renamed(writer, value)
        case LogProbEach() if code := separated.own_log_prob(writer, value):
            return code
        case LogProb() | LogProbEach() | Divergence() | Entropy() | Property():
            return distributions.function(writer, value)


def _reference(writer: Writer, value: Reference) -> Code:
    if value.name in writer.attributes:
        param = writer.own(value.name)
        shared = writer.detached and value.name not in writer.owned
        return Code(method(param, "detach") if shared else param, NO_PLATES)
    code: Py = name(writer.locals[value.name])
    if writer.cuts(value.name):
        code = method(code, "detach")
    return Code(code, writer.stored[value.name])


def _sequence(writer: Writer, value: SequenceOf) -> Code:
    code = writer.stepping.sequences[value.value.name]
    cut = writer.cuts(value.value.name)
    return Code(method(code.py, "detach") if cut else code.py, code.stored)


def _choice(writer: Writer, value: StaticChoice) -> Code:
    condition = writer.value(value.condition).py
    lazy = replace(writer, block=None)  # only the side that is taken may be evaluated
    then, otherwise = lazy.value(value.then), lazy.value(value.otherwise)
    if then.plain and otherwise.plain:
        return Code(Choice(then.py, condition, otherwise.py), NO_PLATES, plain=True)
    stored = then.stored | otherwise.stored
    whole = ValueType(stored, value.type.shape, value.type.dtype)
    left = _whole(writer, then, value.then, whole)
    right = _whole(writer, otherwise, value.otherwise, whole)
    return Code(Choice(left, condition, right), stored)


def _whole(writer: Writer, code: Code, value: Value, wanted: ValueType) -> Py:
    """A side of a choice with the stored plates, the shape and the dtype of both."""
    sizes = (*writer.plate_sizes(wanted.plates), *map(writer.size, wanted.shape))
    if code.plain and sizes:
        options = writer.creation(wanted.dtype)
        return call(writer.torch("torch.full"), tuple_of(*sizes), code.py, **options)
    if code.plain:
        return writer.tensor(code, wanted.dtype).py
    if value.type.dtype != wanted.dtype:
        code = Code(method(code.py, "to", writer.creation(wanted.dtype)["dtype"]), code.stored)
    if code.stored == wanted.plates and value.type.shape == wanted.shape:
        return code.py
    rank, plates = value.type.rank, wanted.plates
    aligned = writer.storage.align(code.py, code.stored, rank, plates, len(wanted.shape))
    return method(aligned, "expand", *sizes)


def _looked_at(writer: Writer, code: Code, value: Apply, position: int) -> Code:
    """A denominator of which the first call sees whether it keeps one sign."""
    source, span = writer.graph.source, value.operands[position].span
    text = " ".join(source.cut(span).split())
    looked = call("self.one_sign", code.py, literal(f"{place(source, span)}: `{text}`"))
    return Code(looked, code.stored, code.plain)


def _beside_gate(writer: Writer, code: Code) -> Code:
    """A factor of a probability, looked at in the first call as the probability itself would be."""
    bounds = writer.runtime("SCORED_PROBABILITY")
    return Code(call("self.within", code.py, bounds, literal("probs")), code.stored, code.plain)


def _apply(writer: Writer, value: Apply) -> Code:
    entry = functions.lookup(value.function)
    assert entry is not None
    operands = [writer.value(o) for o in value.operands]
    denominator = writer.estimation.jumps.unsure.get(id(value))
    if denominator is not None:
        operands[denominator] = _looked_at(writer, operands[denominator], value, denominator)
    operands = [
        _beside_gate(writer, c) if id(o) in writer.estimation.gated else c
        for c, o in zip(operands, value.operands, strict=True)
    ]
    plain = bool(operands) and all(c.plain for c in operands) and entry.numbers == "all"
    operands = [
        c if _takes_number(entry, i) else writer.tensor(c, o.type.dtype)
        for i, (c, o) in enumerate(zip(operands, value.operands, strict=True))
    ]
    stored = frozenset().union(*(c.stored for c in operands))
    emission = Emission(
        operands=_aligned(writer, entry, value, operands, stored),
        types=tuple(
            ValueType(c.stored, o.type.shape, o.type.dtype)
            for c, o in zip(operands, value.operands, strict=True)
        ),
        settings=value.settings,
        result=ValueType(stored, value.type.shape, value.type.dtype),
        plates=lambda: writer.plate_sizes(stored),
        size=writer.size,
        creation=lambda: writer.creation(value.type.dtype),
        plain=frozenset(i for i, c in enumerate(operands) if c.plain),
    )
    return Code(entry.emit(emission), stored, plain)


def _aligned(
    writer: Writer, entry: Function, value: Apply, operands: list[Code], stored: Plates
) -> tuple[Py, ...]:
    ranks = [o.type.rank for o in value.operands]
    highest = max(ranks, default=0)
    match entry.align:
        case "broadcast":
            return tuple(
                writer.storage.align(c.py, c.stored, r, stored, highest)
                for c, r in zip(operands, ranks, strict=True)
            )
        case "plates":
            return tuple(
                writer.storage.align(c.py, c.stored, r, stored)
                for c, r in zip(operands, ranks, strict=True)
            )
        case "expand":
            return tuple(writer.expand(c, r, stored) for c, r in zip(operands, ranks, strict=True))


def _takes_number(entry: Function, position: int) -> bool:
    return entry.numbers == "all" or (entry.numbers != "none" and position in entry.numbers)
