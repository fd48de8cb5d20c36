"""Functions that write into a copy, by integer values: scatter, index_put."""

from __future__ import annotations

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Misfit,
    Move,
    Outcome,
    Parameter,
)
from storchc.catalogue.functions import algebra, moves
from storchc.catalogue.functions.fitting import axis, broadcasts_to, need_int
from storchc.catalogue.functions.indexing import in_range
from storchc.catalogue.functions.smooth import always
from storchc.catalogue.functions.writing import converted, fitted, unsqueezed
from storchc.ir.expression import Apply
from storchc.ir.ranges import Range
from storchc.ir.size import Shape
from storchc.ir.types import Dtype, write_shape
from storchc.python.expressions import (
    DOTS,
    NONE,
    Imported,
    Py,
    call,
    index,
    literal,
    method,
)
from storchc.python.names import RUNTIME

GROUP = "indexing"
INDEX, SOURCE = 1, 2
"""The positions of the index and of what is written, in both."""


def _dtype(args: Arguments) -> Dtype:
    kinds = {args.types[0].dtype, args.types[SOURCE].dtype}
    return "float" if "float" in kinds else "int" if "int" in kinds else "bool"


def _joined(value: Apply, ranges: tuple[Range, ...]) -> Range:
    """Every element is one that was there, or one that is written."""
    return ranges[0].elementwise().joined(ranges[SOURCE].elementwise())


# --- scatter -------------------------------------------------------------------------------------


def _scatter_shape(args: Arguments) -> Outcome:
    need_int(args, INDEX, "the index of `scatter`")
    whole, where, source = args.shapes
    at = axis(args.settings["dim"], whole)
    in_range(args, INDEX, whole[at], negative=False)
    wanted = where if where else _beside(whole, at)
    outside = zip(whole, where, range(-len(whole), 0), strict=False)
    fits = len(where) == len(whole) and all(a == b for a, b, dim in outside if dim != at)
    if where and not fits:
        message = f"an index of shape `{write_shape(where)}` into `{write_shape(whole)}`"
        raise Misfit(message, "all sizes but that of `dim` must be equal", INDEX)
    if not broadcasts_to(source, wanted) or (source and len(source) != len(wanted)):
        message = f"`scatter` writes `{write_shape(wanted)}` here, not `{write_shape(source)}`"
        raise Misfit(message, "give it one value for each index, or a single one", SOURCE)
    return Outcome(whole, _dtype(args))


def _beside(shape: Shape, at: int) -> Shape:
    """The shape without a dimension."""
    place = at + len(shape)
    return shape[:place] + shape[place + 1 :]


def _scatter(e: Emission) -> Py:
    shape, where = e.result.shape, e.types[INDEX].shape
    at = axis(e.settings["dim"], shape)
    dim, code, chosen = literal(at), fitted(e, converted(e, 0), 0, shape), e.operands[INDEX]
    if where:
        source = fitted(e, converted(e, SOURCE), SOURCE, where)
        operands = code, dim, fitted(e, chosen, INDEX, where), source
        if where[at].value == 1:
            return method(code, "scatter", *operands[1:])
        return call(Imported("scatter", RUNTIME), *operands)
    source = fitted(e, converted(e, SOURCE), SOURCE, _beside(shape, at))
    # torch.select_scatter, which would take a number, has a wrong gradient below vmap
    one = method(source, "unsqueeze", dim)
    everywhere = index(chosen, DOTS, *(NONE,) * len(shape))
    return method(code, "scatter", dim, method(everywhere, "expand_as", one), one)


def _scattered(value: Apply, position: int) -> Move:
    """What is there stays in its place; along ``dim`` an index may choose any."""
    shape, where = value.operands[0].type.shape, value.operands[INDEX].type.shape
    at = axis(value.settings["dim"], shape)
    if position == 0:
        return moves.elementwise(value, 0)
    if position == SOURCE and not where:
        return lambda dim: dim if dim > at else dim - 1
    return lambda dim: None if dim == at else dim


# --- index_put -----------------------------------------------------------------------------------


def _put_shape(args: Arguments) -> Outcome:
    """The last dimension of the index counts the dimensions that are indexed."""
    need_int(args, INDEX, "the index of `index_put`")
    whole, where, source = args.shapes
    count = where[-1].value or 0
    if count > len(whole):
        message = f"{count} indices into `{write_shape(whole)}`"
        raise Misfit(message, "plates are not indexed: give one for each event dimension", INDEX)
    wanted = where[:-1] + whole[count:]
    if not broadcasts_to(source, wanted):
        message = f"`index_put` writes `{write_shape(wanted)}` here, not `{write_shape(source)}`"
        help = "the values have the shape of the indices, then the dimensions that are not indexed"
        raise Misfit(message, help, SOURCE)
    return Outcome(whole, _dtype(args))


def _put(e: Emission) -> Py:
    whole, where = e.types[0].shape, e.types[INDEX].shape
    wanted = where[:-1] + whole[where[-1].value or 0 :]
    source, own = converted(e, SOURCE), e.types[SOURCE]
    if own.plates:
        source = unsqueezed(source, -own.rank - 1, len(wanted) - own.rank)
    put = Imported("index_put", RUNTIME)
    codes = fitted(e, converted(e, 0), 0, whole), fitted(e, e.operands[INDEX], INDEX, where), source
    return call(put, *codes, plates=literal(len(e.plates())))


def _placed(value: Apply, position: int) -> Move:
    """Dimensions that are not indexed stay as they are."""
    if position == 0:
        return moves.elementwise(value, 0)
    count = value.operands[INDEX].type.shape[-1].value or 0
    kept = value.type.rank - count
    return lambda dim: dim if position == SOURCE and dim >= -kept else None


FUNCTIONS = (
    Function(
        "scatter",
        "a copy with values at the places along a dimension that an index says",
        (Parameter("input"), Parameter("dim", "dim"), Parameter("index"), Parameter("src")),
        _scatter_shape,
        _scatter,
        broken=frozenset({INDEX}),
        algebra=Algebra(_scattered, algebra.only({0, SOURCE})),
        range=_joined,
        smoothness=always("smooth", "jump", "smooth"),
        align="plates",
        group=GROUP,
    ),
    Function(
        "index_put",
        "a copy with values at the places that indices of its first dimensions say",
        (Parameter("input"), Parameter("indices", "places"), Parameter("values")),
        _put_shape,
        _put,
        broken=frozenset({INDEX}),
        algebra=Algebra(_placed, algebra.only({0, SOURCE})),
        range=_joined,
        smoothness=always("smooth", "jump", "smooth"),
        align="plates",
        group=GROUP,
    ),
)
