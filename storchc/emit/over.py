"""Reductions of plates that a story writes, ``mean(value, over=p)`` and its kin, as code.

Those of the loss are terms (`lower/reductions.py`); both ask `lower/weights.py` for the order.
"""

from __future__ import annotations

from storchc.catalogue import functions
from storchc.emit.alignment import align, align_whole
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.terms import emitted
from storchc.ir.expression import OverPlates
from storchc.ir.types import Plates
from storchc.lower.weights import Weights, reductions, weight_of
from storchc.program.slots import Slot
from storchc.python.expressions import (
    Py,
    call,
    infix,
    literal,
    member,
    method,
    one_or_more,
    tuple_of,
)


def over_plates(context: Context, value: OverPlates) -> Code:
    """``mean(value, over=p)`` and its kin."""
    code = context.as_float(value.value)
    origin = context.estimation.reduced_origin(value)
    for group, weights in reductions(context.story, context.scope, frozenset(value.plates), origin):
        code = _over(context, value, code, group, weights)
    return code if context.detached else _weighed(context, value, code)


def _weighed(context: Context, value: OverPlates, bound: Code) -> Code:
    """The bound, through which pathwise methods send the weights of their draws."""
    for sample in context.story.askers(value):
        if context.story.estimator(sample).carrier != "pathwise":
            continue
        terms = context.held[Slot("joined", sample)]
        stored = context.storage.full(context.graph.types[sample].plates)
        whole = align_whole(context.storage, terms.py, terms.stored, stored)
        sent = method(context.method_of(sample), "joined", context.draw(sample), bound.py, whole)
        bound = Code(sent, bound.stored)
    return bound


def _over(
    context: Context, value: OverPlates, code: Code, plates: tuple[str, ...], weights: Weights
) -> Code:
    rank = value.type.rank
    over = functions.over(value)
    if over.logs:
        return _log_mean_exp(context, code, plates, weights, rank)
    if weights.samples:
        return _weighted(context, code, plates, weights, rank)
    (plate,) = plates
    if plate not in code.stored:
        counted_ = infix("*", context.plate_size(plate), code.py)
        return Code(counted_, code.stored) if over.counts else code
    dim = context.storage.dim(plate, code.stored)
    return Code(method(code.py, over.method, literal(dim)), code.stored - {plate})


def _weighted(
    context: Context, code: Code, plates: tuple[str, ...], weights: Weights, rank: int
) -> Code:
    """``Σ w · value`` over plates; one whose 1/n is not in its weights is averaged."""
    factor = _product(context, weights)
    stored = code.stored | factor.stored
    arguments = (
        _over_event(context, factor, stored, rank),
        align_whole(context.storage, code.py, code.stored, stored),
    )
    dim = _places(context, plates, stored)
    summed = call(context.runtime("weighted_sum"), *arguments, dim=dim)
    reduced = _averaged(context, summed, weights)
    return Code(reduced, stored - frozenset(plates))


def _log_mean_exp(
    context: Context, code: Code, plates: tuple[str, ...], weights: Weights, rank: int
) -> Code:
    function = context.runtime("log_weighted_mean_exp")
    if not weights.samples:
        if not code.stored.issuperset(plates):
            return code
        reduced = call(function, code.py, literal(None), dim=_places(context, plates, code.stored))
        return Code(reduced, code.stored - frozenset(plates))
    factor = _product(context, weights)
    stored = code.stored | factor.stored
    factor = Code(_averaged(context, factor.py, weights), factor.stored)
    reduced = call(
        function,
        align_whole(context.storage, code.py, code.stored, stored),
        _over_event(context, factor, stored, rank),
        dim=_places(context, plates, stored),
    )
    return Code(reduced, stored - frozenset(plates))


def _over_event(context: Context, factor: Code, stored: Plates, rank: int) -> Py:
    """Weights beside a value with an event of this rank."""
    if rank:
        return align(context.storage, factor.py, factor.stored, 0, stored, rank)
    return align_whole(context.storage, factor.py, factor.stored, stored)


def _places(context: Context, plates: tuple[str, ...], stored: Plates) -> Py:
    return one_or_more(literal(context.storage.dim(p, stored)) for p in plates)


def _averaged(context: Context, code: Py, weights: Weights) -> Py:
    for plate in weights.averaged:
        code = infix("/", code, context.plate_size(plate))
    return code


def _product(context: Context, weights: Weights) -> Code:
    """The product of the weights of several samples in one plate."""
    first, *others = (_inner(context, weights, sample) for sample in weights.samples)
    for other in others:
        both = first.stored | other.stored
        sides = (align(context.storage, c.py, c.stored, 0, both) for c in (first, other))
        first = Code(infix("*", *sides), both)
    return first


def _inner(context: Context, weights: Weights, sample: str) -> Code:
    """A weight inside ``over=``: an importance weight carries the score of its own sample."""
    attached = not context.detached
    term = weight_of(context.story, context.scope, weights, sample, attached=attached)
    weight = Code(emitted(context, term), term.stored)
    cut = context.detached or sample in weights.cut
    if cut or not context.estimation.estimators[sample].weighted:
        return weight
    over = weights.over(sample)
    if not over:
        return Code(infix("*", weight.py, _box(context, sample)), weight.stored)
    stored = context.story.weight_plates(context.scope, sample)
    dims = tuple_of(*(literal(context.storage.dim(p, stored)) for p in context.storage.order(over)))
    score = method(member(context.draw(sample), "score"), "sum", dims)
    return Code(infix("*", weight.py, call(context.runtime("magic_box"), score)), weight.stored)


def _box(context: Context, sample: str) -> Py:
    """The magic box of all that was drawn of ``sample``, in a step up to there."""
    reached = context.held.get(Slot("reached score", sample))
    if reached is not None:
        return call(context.runtime("magic_box"), reached.py)
    draw = context.draw(sample)
    depth = len(context.story.samples[sample].loops)
    if not depth:
        return member(draw, "box")
    steps = literal(0) if depth == 1 else tuple_of(*map(literal, range(depth)))
    return call(context.runtime("magic_box"), method(member(draw, "score"), "sum", steps))
