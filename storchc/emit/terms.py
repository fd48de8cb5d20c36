"""Terms as Python expressions, aligned as they are stored."""

from __future__ import annotations

from functools import reduce
from typing import assert_never

from storchc.emit.alignment import align, align_whole
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.slots import Slot
from storchc.program.terms import (
    Box,
    Counting,
    Detach,
    Expression,
    How,
    Infix,
    InSteps,
    Negative,
    Number,
    Part,
    Read,
    Reduced,
    Rows,
    Scored,
    Sum,
    Summed,
    SumOfRows,
    Term,
    Times,
    Weight,
    Weighted,
    is_number,
)
from storchc.python.expressions import (
    ALL,
    Py,
    call,
    index,
    infix,
    literal,
    member,
    method,
    one_or_more,
    prefix,
    tuple_of,
)


def emitted(context: Context, term: Term) -> Py:
    """A term as an expression, stored as it says."""
    match term:
        case Read(slot):
            return context.held[slot].py
        case Part(slot, name):
            return member(context.held[slot].py, name)
        case Weight():
            return _weight(context, term)
        case Expression(value, apart, detached, plain):
            inside = context.of(apart, detached=detached)
            return (inside.value(value) if plain else inside.as_float(value)).py
        case Number(number):
            return literal(number)
        case Detach(of):
            return method(emitted(context, of), "detach")
        case Infix(op, left, right, stored):
            return infix(op, *(aligned(context, side, stored) for side in (left, right)))
        case Scored(left, right, stored):
            sides = (aligned(context, side, stored) for side in (left, right))
            return call(context.runtime("scored"), *sides)
        case Sum(terms, stored):
            return reduce(_plus, (aligned(context, each, stored) for each in terms))
        case Negative(of):
            return prefix("-", emitted(context, of))
        case Rows(terms, cumulative):
            stacked = call("torch.stack", tuple_of(*(emitted(context, each) for each in terms)))
            return method(stacked, "cumsum", literal(0)) if cumulative else stacked
        case SumOfRows(of):
            return method(emitted(context, of), "sum", literal(0))
        case Box(of):
            return call(context.runtime("magic_box"), emitted(context, of))
        case Summed(of, plates):
            return method(emitted(context, of), "sum", _place(context, plates, of.stored))
        case Reduced(of, plates, kind, stored):
            place = [_place(context, plates, of.stored)] if stored else []
            return method(emitted(context, of), kind, *place)
        case Weighted():
            return _weighted(context, term)
        case Counting(of, factor, stored):
            sides = (whole(context, side, stored) for side in (factor, of))
            return call(context.runtime("harmless"), *sides)
        case Times(plate, of):
            return infix("*", context.plate_size(plate), emitted(context, of))
        case InSteps(of, loop, how, stored):
            return _in_steps(context, emitted(context, of), how, context.storage.dim(loop, stored))
        case _:
            assert_never(term)


def aligned(context: Context, term: Term, stored: Plates) -> Py:
    """A term with dimensions for ``stored``, as far as broadcasting asks for them."""
    return align(context.storage, emitted(context, term), term.stored, 0, stored)


def whole(context: Context, term: Term, stored: Plates) -> Py:
    """A term with a dimension for each of ``stored``; a number as it is."""
    code = emitted(context, term)
    return code if is_number(term) else align_whole(context.storage, code, term.stored, stored)


def _plus(left: Py, right: Py) -> Py:
    return infix("+", left, right)


def _dims(context: Context, plates: tuple[str, ...], stored: Plates) -> list[Py]:
    return [literal(context.storage.dim(p, stored)) for p in plates]


def _place(context: Context, plates: tuple[str, ...], stored: Plates) -> Py:
    return one_or_more(_dims(context, plates, stored))


def _weight(context: Context, term: Weight) -> Py:
    reached = context.held.get(Slot("reached weight", term.sample))
    if reached is not None:
        code = reached.py
    elif term.loops:
        code = member(context.draw(term.sample), "weight_by_step")
        inner = term.loops - term.told
        if inner:
            code = index(code, *[ALL] * term.told, *[literal(-1)] * inner)
    else:
        code = member(context.draw(term.sample), "weight")
    if not term.over:
        return code
    dims = tuple_of(*_dims(context, context.storage.order(term.over), term.own))
    count = context.plate_size(term.sample) if term.sample in term.own else literal(1)
    return call(context.runtime("weight_product"), code, dims, count)


def _weighted(context: Context, term: Weighted) -> Py:
    stored = term.term.stored | term.factor.stored
    value = whole(context, term.term, stored)
    if is_number(term.term):
        value = context.tensor(Code(value, NO_PLATES, plain=True)).py
    code = call(
        context.runtime("weighted_sum"),
        whole(context, term.factor, stored),
        value,
        dim=_place(context, term.plates, stored),
    )
    for plate in term.averaged:
        code = infix("/", code, context.plate_size(plate))
    return code


def _in_steps(context: Context, code: Py, how: How, dim: int) -> Py:
    if how == "here":
        return method(code, "cumsum", literal(dim))
    return call(context.runtime(_STEPS[how]), code, literal(dim))


_STEPS = {"earlier": "earlier", "from here": "from_here", "later": "later"}
