"""Functions that change event shapes: reshaping, moving dimensions, joining values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Misfit,
    Outcome,
    Parameter,
)
from storchc.catalogue.functions import algebra, moves
from storchc.catalogue.functions.fitting import (
    axes,
    axis,
    broadcasts_to,
    positive_sizes,
    sizes_of,
    without,
)
from storchc.catalogue.functions.ranging import taken
from storchc.catalogue.functions.smooth import SMOOTH
from storchc.catalogue.functions.writing import (
    dims_code,
    expanded,
    ints,
    plateless,
    regrouped,
    same,
    sizes,
    swapped,
    unsqueezed,
)
from storchc.ir.size import ONE, Shape, Size, add, constant, divide, product
from storchc.ir.types import write_shape
from storchc.python.expressions import Py, call, literal, method, tuple_of

INPUT = Parameter("input")
GROUP = "shapes"


def _kept(args: Arguments, shape: Shape) -> Outcome:
    return Outcome(shape, args.types[0].dtype)


# --- reshape, flatten, squeeze -------------------------------------------------------------------


def _reshape(args: Arguments) -> Outcome:
    asked, have = sizes_of(args.settings["shape"]), product(args.shapes[0])
    unknown = [position for position, size in enumerate(asked) if size.value == -1]
    if not unknown:
        return _reshaped(args, positive_sizes(asked))
    if len(unknown) > 1:
        raise Misfit("more than one size is left to be inferred", "write `-1` once")
    rest = positive_sizes(asked[: unknown[0]] + asked[unknown[0] + 1 :])
    inferred = divide(have, product(rest))
    if inferred is None:
        raise _uneven(args.shapes[0], asked)
    return _reshaped(args, (*asked[: unknown[0]], inferred, *asked[unknown[0] + 1 :]))


def _reshaped(args: Arguments, shape: Shape) -> Outcome:
    if product(shape) != product(args.shapes[0]):
        raise _uneven(args.shapes[0], shape)
    return _kept(args, shape)


def _uneven(have: Shape, asked: Shape) -> Misfit:
    message = f"`{write_shape(have)}` cannot become `{write_shape(asked)}`"
    count = product(have)
    return Misfit(message, f"the sizes multiplied must give `{count}`; plates are not counted")


def _regroup(e: Emission) -> Py:
    old, new = e.types[0].shape, e.result.shape
    code = regrouped(e, e.operands[0], old, new)
    both = len(old) > 1 and len(new) > 1 and old != new
    return method(e.operands[0], "reshape", *sizes(e, new)) if both and plateless(e) else code


FLATTEN = (INPUT, Parameter("start_dim", "int", 0), Parameter("end_dim", "int", -1))


def _flatten(args: Arguments) -> Outcome:
    shape = args.shapes[0]
    if not shape:
        return _kept(args, (ONE,))
    start = len(shape) + axis(args.settings["start_dim"], shape, name="start_dim")
    end = len(shape) + axis(args.settings["end_dim"], shape, name="end_dim")
    if start > end:
        raise Misfit("`start_dim` comes after `end_dim`", "exchange them")
    middle = shape[start] if start == end else product(shape[start : end + 1])
    return _kept(args, (*shape[:start], middle, *shape[end + 1 :]))


def _squeezable(args: Arguments) -> tuple[int, ...]:
    shape, asked = args.shapes[0], args.settings["dim"]
    if asked is None:
        return tuple(i - len(shape) for i, size in enumerate(shape) if size.value == 1)
    found = axes(asked, shape)
    for dim in found:
        if shape[dim].value != 1:
            message = f"`squeeze` of a dimension of size `{shape[dim]}`"
            raise Misfit(
                message, "only dimensions of size 1 can be removed: index, or reduce it", 0
            )
    return found


def _squeeze(args: Arguments) -> Outcome:
    return _kept(args, without(args.shapes[0], _squeezable(args)))


def _write_squeeze(e: Emission) -> Py:
    dims = _squeezable(Arguments(e.types, (None,), e.settings))
    return method(e.operands[0], "squeeze", dims_code(dims)) if dims else e.operands[0]


def _unsqueeze(args: Arguments) -> Outcome:
    shape = args.shapes[0]
    at = len(shape) + 1 + axis(args.settings["dim"], shape, extra=1)
    return _kept(args, (*shape[:at], ONE, *shape[at:]))


def _write_unsqueeze(e: Emission) -> Py:
    return unsqueezed(e.operands[0], axis(e.settings["dim"], e.types[0].shape, extra=1))


def _broadcast_to(args: Arguments) -> Outcome:
    shape, asked = args.shapes[0], positive_sizes(sizes_of(args.settings["size"]))
    if not broadcasts_to(shape, asked):
        message = f"`{write_shape(shape)}` does not broadcast to `{write_shape(asked)}`"
        raise Misfit(message, "only a literal 1 broadcasts", 0)
    return _kept(args, asked)


def _write_broadcast_to(e: Emission) -> Py:
    return expanded(e, e.operands[0], 0, e.result.shape)


RESHAPING = (
    Function(
        "reshape",
        "the same elements in another event shape; one size may be -1",
        (INPUT, Parameter("shape", "shape")),
        _reshape,
        _regroup,
        broken="none",
        algebra=Algebra(moves.reshaped, algebra.together),
        range=taken(moves.reshaped),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "flatten",
        "the event as one dimension",
        FLATTEN,
        _flatten,
        _regroup,
        broken="none",
        algebra=Algebra(moves.reshaped, algebra.together),
        range=taken(moves.reshaped),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "squeeze",
        "dimensions of size 1 removed",
        (INPUT, Parameter("dim", "dims", None)),
        _squeeze,
        _write_squeeze,
        broken="none",
        algebra=Algebra(moves.squeezed, algebra.together),
        range=taken(moves.squeezed),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "unsqueeze",
        "a dimension of size 1 inserted",
        (INPUT, Parameter("dim", "dim")),
        _unsqueeze,
        _write_unsqueeze,
        broken="none",
        algebra=Algebra(moves.inserted, algebra.together),
        range=taken(moves.inserted),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "broadcast_to",
        "the event repeated to a larger shape",
        (INPUT, Parameter("size", "shape")),
        _broadcast_to,
        _write_broadcast_to,
        broken="none",
        algebra=algebra.SUM,
        range=taken(moves.elementwise),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
)


# --- moving dimensions and elements --------------------------------------------------------------


def _transpose(args: Arguments) -> Outcome:
    shape = list(args.shapes[0])
    a, b = (axis(args.settings[name], args.shapes[0], name=name) for name in ("dim0", "dim1"))
    shape[a], shape[b] = shape[b], shape[a]
    return _kept(args, tuple(shape))


def _write_transpose(e: Emission) -> Py:
    a, b = (axis(e.settings[name], e.types[0].shape) for name in ("dim0", "dim1"))
    return swapped(e.operands[0], a, b)


def _order(value: object, shape: Shape) -> tuple[int, ...]:
    listed = value if isinstance(value, Sequence) else (value,)
    order = tuple(axis(item, shape, name="dims") for item in listed)
    if sorted(order) != list(range(-len(shape), 0)):
        message = f"`dims` does not order the dimensions of `{write_shape(shape)}`"
        raise Misfit(message, f"name each of the {len(shape)} event dimensions once")
    return order


def _permute(args: Arguments) -> Outcome:
    order = _order(args.settings["dims"], args.shapes[0])
    return _kept(args, tuple(args.shapes[0][dim] for dim in order))


def _write_permute(e: Emission) -> Py:
    order = _order(e.settings["dims"], e.types[0].shape)
    if plateless(e):
        return method(e.operands[0], "permute", *ints(*(dim + len(order) for dim in order)))
    moved = [(dim, to) for to, dim in enumerate(order, -len(order)) if dim != to]
    if not moved:
        return e.operands[0]
    if len(moved) == 2:
        return swapped(e.operands[0], *moved[0])
    source, target = zip(*moved, strict=True)
    return method(e.operands[0], "movedim", dims_code(source), dims_code(target))


def _unchanged(args: Arguments) -> Outcome:
    axes(args.settings["dims"], args.shapes[0], name="dims")
    return _kept(args, args.shapes[0])


def _flip(e: Emission) -> Py:
    dims = axes(e.settings["dims"], e.types[0].shape)
    return method(e.operands[0], "flip", dims_code(dims))


def _roll_shape(args: Arguments) -> Outcome:
    axis(args.settings["dims"], args.shapes[0], name="dims")
    return _kept(args, args.shapes[0])


def _roll(e: Emission) -> Py:
    shift, dim = e.settings["shifts"], axis(e.settings["dims"], e.types[0].shape)
    assert isinstance(shift, int)
    return method(e.operands[0], "roll", literal(shift), literal(dim))


MOVING = (
    Function(
        "transpose",
        "two dimensions exchanged",
        (INPUT, Parameter("dim0", "dim"), Parameter("dim1", "dim")),
        _transpose,
        _write_transpose,
        broken="none",
        algebra=Algebra(moves.exchanged, algebra.together),
        range=taken(moves.exchanged),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "permute",
        "the dimensions in another order",
        (INPUT, Parameter("dims", "dims")),
        _permute,
        _write_permute,
        broken="none",
        algebra=Algebra(moves.ordered, algebra.together),
        range=taken(moves.ordered),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "flip",
        "the order of the elements reversed along dimensions",
        (INPUT, Parameter("dims", "dims")),
        _unchanged,
        _flip,
        broken="none",
        algebra=Algebra(moves.along_dims, algebra.together),
        range=taken(moves.along_dims),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
    Function(
        "roll",
        "the elements moved round along a dimension",
        (INPUT, Parameter("shifts", "int"), Parameter("dims", "dim")),
        _roll_shape,
        _roll,
        broken="none",
        algebra=Algebra(moves.along_dims, algebra.together),
        range=taken(moves.along_dims),
        smoothness=SMOOTH,
        align="plates",
        group=GROUP,
    ),
)


# --- joining -------------------------------------------------------------------------------------

JOIN = (Parameter("tensors", "values"), Parameter("dim", "dim", 0))


def _concat(args: Arguments) -> Outcome:
    first, rank = args.shapes[0], len(args.shapes[0])
    at = rank + axis(args.settings["dim"], first)
    joined: Size = first[at]
    for position, shape in enumerate(args.shapes[1:], 1):
        if len(shape) != rank or any(a != b for a, b in _others(first, shape, at)):
            message = (
                f"`{write_shape(first)}` and `{write_shape(shape)}` do not join in dimension {at}"
            )
            raise Misfit(message, "make all other sizes equal", position)
        joined = add(joined, shape[at])
    return Outcome((*first[:at], joined, *first[at + 1 :]), args.promoted())


def _others(a: Shape, b: Shape, at: int) -> zip[tuple[Size, Size]]:
    return zip(a[:at] + a[at + 1 :], b[:at] + b[at + 1 :], strict=True)


def _stack(args: Arguments) -> Outcome:
    first = args.shapes[0]
    for position, shape in enumerate(args.shapes):
        if shape != first:
            message = f"`{write_shape(first)}` and `{write_shape(shape)}` do not stack"
            raise Misfit(message, "make the event shapes equal, as with `broadcast_to`", position)
    at = len(first) + 1 + axis(args.settings["dim"], first, extra=1)
    count = constant(len(args.shapes))
    return Outcome((*first[:at], count, *first[at:]), args.promoted())


def _join(name: str, extra: int, e: Emission) -> Py:
    dim = literal(axis(e.settings["dim"], e.types[0].shape, extra=extra))
    return call(f"torch.{name}", tuple_of(*same(e)), dim=dim)


JOINING = (
    Function(
        "concat",
        "values joined along a dimension",
        JOIN,
        _concat,
        partial(_join, "cat", 0),
        broken="none",
        algebra=Algebra(moves.along, algebra.together),
        range=taken(moves.along),
        smoothness=SMOOTH,
        align="expand",
        group=GROUP,
    ),
    Function(
        "stack",
        "values of equal shape joined along a new dimension",
        JOIN,
        _stack,
        partial(_join, "stack", 1),
        broken="none",
        algebra=Algebra(moves.inserted, algebra.together),
        range=taken(moves.inserted),
        smoothness=SMOOTH,
        align="expand",
        group=GROUP,
    ),
)

FUNCTIONS = (*RESHAPING, *MOVING, *JOINING)
