"""Functions that look elements up by integer values: take, gather, embedding, one_hot."""

from __future__ import annotations

from dataclasses import replace

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Misfit,
    Outcome,
    Parameter,
)
from storchc.catalogue.functions import algebra, moves, terms
from storchc.catalogue.functions.fitting import (
    axis,
    need_int,
    need_rank,
    positive_sizes,
    size_of,
)
from storchc.catalogue.functions.ranging import fixed, one
from storchc.catalogue.functions.smooth import JUMPS, always
from storchc.catalogue.functions.writing import convert, functional, sizes, unsqueezed
from storchc.ir import ranges as at
from storchc.ir.expression import Apply
from storchc.ir.ranges import Range
from storchc.ir.size import Shape, Size
from storchc.ir.types import write_shape
from storchc.python.expressions import ALL, DOTS, Py, call, index, literal, method, tuple_of

GROUP = "indexing"
TAKE = (Parameter("input"), Parameter("index"))


def in_range(args: Arguments, position: int, size: Size, *, negative: bool) -> None:
    """Only an index within a dimension fits, where both are known; from its end, if negative."""
    number, known = args.numbers[position], size.value
    if number is None or known is None:
        return
    low = -known if negative else 0
    if not low <= number < known:
        message = f"the index {number} is outside of a dimension of size `{size}`"
        raise Misfit(message, f"indices go from 0 to {known - 1}", position)


# --- take ----------------------------------------------------------------------------------------


def _take_shape(args: Arguments) -> Outcome:
    need_int(args, 1, "the index of `take`")
    source = args.shapes[0]
    if not source:
        raise Misfit("`take` of a value without event dimensions", "plates are not indexed", 0)
    in_range(args, 1, source[0], negative=True)
    return Outcome(args.shapes[1] + source[1:], args.types[0].dtype)


def taken(e: Emission, source: int, position: int) -> Py:
    """``source[index]``, element by element of the plates that both have."""
    code, where = e.operands[source], e.operands[position]
    shape, chosen = e.types[source].shape, e.types[position].shape
    rank = len(shape)
    if position in e.plain:
        return method(code, "select", literal(-rank), where)
    if not e.types[source].plates and (chosen or e.types[position].plates):
        return index(code, where)
    if e.types[position].plates:
        return _taken_along(e, source, position)
    if chosen:
        return index(code, DOTS, where, *(ALL,) * (rank - 1))
    one = method(where, "reshape", literal(1))
    return method(method(code, "index_select", literal(-rank), one), "squeeze", literal(-rank))


def _taken_along(e: Emission, source: int, position: int) -> Py:
    rank, chosen = e.types[source].rank, e.types[position].shape
    where = _over_plates(e, position)
    flat = method(where, "flatten", literal(-len(chosen))) if len(chosen) > 1 else where
    aligned = unsqueezed(flat, -1, rank - 1 if chosen else rank)
    code = call("torch.take_along_dim", _over_plates(e, source), aligned, dim=literal(-rank))
    match len(chosen):
        case 0:
            return method(code, "squeeze", literal(-rank))
        case 1:
            return code
        case _:
            return call("torch.unflatten", code, literal(-rank), tuple_of(*sizes(e, chosen)))


def _over_plates(e: Emission, position: int) -> Py:
    if e.types[position].plates == e.result.plates:
        return e.operands[position]
    event = (literal(-1),) * e.types[position].rank
    return method(e.operands[position], "expand", *e.plates(), *event)


def _rows(value: Apply, ranges: tuple[Range, ...]) -> Range:
    """Rows of probabilities are probabilities, single elements of them are not."""
    return ranges[0] if value.operands[0].type.rank > 1 else ranges[0].elementwise()


# --- embedding -----------------------------------------------------------------------------------


def _embedding_shape(args: Arguments) -> Outcome:
    need_int(args, 0, "the index of `embedding`")
    need_rank(args, 1, 2, "the table of `embedding`")
    table = args.shapes[1]
    in_range(args, 0, table[0], negative=False)
    return Outcome((*args.shapes[0], table[1]), args.types[1].dtype)


def _embedding(e: Emission) -> Py:
    return taken(e, 1, 0) if e.types[1].plates else functional("embedding", *e.operands)


# --- gather --------------------------------------------------------------------------------------

GATHER = (Parameter("input"), Parameter("dim", "dim"), Parameter("index"))


def _gather_shape(args: Arguments) -> Outcome:
    source, where = args.shapes
    need_int(args, 1, "the index of `gather`")
    need_rank(args, 1, len(source), "the index of `gather`")
    at = axis(args.settings["dim"], source)
    for dim, (have, asked) in enumerate(zip(source, where, strict=True), -len(source)):
        if dim != at and not _covers(have, asked):
            message = f"an index of shape `{write_shape(where)}` into `{write_shape(source)}`"
            raise Misfit(message, "all sizes but that of `dim` must be equal", 1)
    return Outcome(where, args.types[0].dtype)


def _covers(have: Size, asked: Size) -> bool:
    known = have.value is not None and asked.value is not None
    return have == asked or (known and (asked.value or 0) <= (have.value or 0))


def _gather(e: Emission) -> Py:
    dim = literal(axis(e.settings["dim"], e.types[0].shape))
    return method(e.operands[0], "gather", dim, e.operands[1])


# --- one_hot -------------------------------------------------------------------------------------


def _one_hot_shape(args: Arguments) -> Outcome:
    need_int(args, 0, "the index of `one_hot`")
    classes = _classes(args.settings["num_classes"])
    in_range(args, 0, classes[0], negative=False)
    return Outcome(args.shapes[0] + classes, "float")


def _classes(value: object) -> Shape:
    return positive_sizes((size_of(value),))


def _one_hot(e: Emission) -> Py:
    code = functional("one_hot", e.operands[0], e.size(e.result.shape[-1]))
    return convert(e, code, "int")


FUNCTIONS = (
    Function(
        "take",
        "x[i]: along the first event dimension, per element of the plates",
        TAKE,
        _take_shape,
        lambda e: taken(e, 0, 1),
        broken=frozenset({1}),
        algebra=Algebra(moves.rows_taken, algebra.only({0}), parts=terms.row_taken),
        range=_rows,
        smoothness=always("smooth", "jump"),
        align="plates",
        numbers=frozenset({1}),
        group=GROUP,
    ),
    Function(
        "gather",
        "elements along a dimension, by an index of the result's shape",
        GATHER,
        _gather_shape,
        _gather,
        broken=frozenset({1}),
        algebra=Algebra(moves.gathered, algebra.only({0}), parts=terms.gathered),
        range=one(at.Range.elementwise),
        smoothness=always("smooth", "jump"),
        align="expand",
        group=GROUP,
    ),
    Function(
        "embedding",
        "rows of a table by their numbers",
        (Parameter("input"), Parameter("weight")),
        _embedding_shape,
        _embedding,
        broken=frozenset({0}),
        algebra=Algebra(moves.rows_embedded, algebra.only({1}), parts=terms.row_embedded),
        range=lambda value, ranges: ranges[1],
        smoothness=always("jump", "smooth"),
        align="plates",
        group=GROUP,
    ),
    Function(
        "one_hot",
        "vectors with a single 1, as floats",
        (Parameter("tensor"), Parameter("num_classes", "size")),
        _one_hot_shape,
        _one_hot,
        broken="all",
        algebra=Algebra(moves.pushed, algebra.nothing),
        range=fixed(replace(at.TRUTH, simplex=True)),
        smoothness=JUMPS,
        group=GROUP,
    ),
)
