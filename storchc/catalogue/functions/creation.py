"""Creation of values: constants, counters, identities, and the deliberate cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from storchc.catalogue.function import Arguments, Emission, Function, Misfit, Outcome, Parameter
from storchc.catalogue.functions.algebra import CONSTANT, SUM
from storchc.catalogue.functions.fitting import need_rank, positive_sizes, size_of, sizes_of
from storchc.catalogue.functions.ranging import fixed, one, same
from storchc.catalogue.functions.smooth import SMOOTH
from storchc.catalogue.functions.writing import expanded, setting, sizes
from storchc.ir import ranges as at
from storchc.ir.expression import Apply
from storchc.ir.ranges import Range
from storchc.ir.size import Shape, Size, add, constant, floor_divide, subtract
from storchc.ir.types import Dtype
from storchc.python.expressions import Py, call, list_of, literal, method, tuple_of

SIZE = Parameter("size", "shape")
GROUP = "creation"


# --- constants -----------------------------------------------------------------------------------


def _filled(args: Arguments) -> Outcome:
    return Outcome(positive_sizes(sizes_of(args.settings["size"])), "float")


def _shape_code(e: Emission) -> tuple[Py, ...]:
    parts = sizes(e, e.result.shape)
    return parts or (tuple_of(),)


def _fill(name: str, e: Emission) -> Py:
    return call(f"torch.{name}", *_shape_code(e), **e.creation())


def _full_shape(args: Arguments) -> Outcome:
    need_rank(args, 0, 0, "the value of `full`")
    return Outcome(positive_sizes(sizes_of(args.settings["size"])), args.types[0].dtype)


def _full(e: Emission) -> Py:
    if 0 in e.plain:
        return call("torch.full", tuple_of(*sizes(e, e.result.shape)), *e.operands, **e.creation())
    if not e.result.shape:
        return e.operands[0]
    return expanded(e, e.operands[0], 0, e.result.shape)


CONSTANTS = (
    *(
        Function(
            name,
            summary,
            (SIZE,),
            _filled,
            partial(_fill, name),
            broken="none",
            algebra=CONSTANT,
            range=fixed(at.exactly(number)),
            smoothness=SMOOTH,
            group=GROUP,
        )
        for name, summary, number in (
            ("zeros", "zeros of a shape", 0),
            ("ones", "ones of a shape", 1),
        )
    ),
    Function(
        "full",
        "a shape filled with one value",
        (SIZE, Parameter("fill_value")),
        _full_shape,
        _full,
        broken="none",
        algebra=SUM,
        range=same,
        smoothness=SMOOTH,
        align="plates",
        numbers=frozenset({0}),
        group=GROUP,
    ),
    *(
        Function(
            name,
            summary,
            (Parameter("input"),),
            lambda args: Outcome(args.shapes[0], args.types[0].dtype),
            partial(lambda name, e: call(f"torch.{name}", *e.operands), name),
            broken="all",
            algebra=SUM,
            range=fixed(at.exactly(number)),
            smoothness=SMOOTH,
            group=GROUP,
        )
        for name, summary, number in (
            ("zeros_like", "zeros of a value's shape, plates and dtype", 0),
            ("ones_like", "ones of a value's shape, plates and dtype", 1),
        )
    ),
)


# --- counters and matrices -----------------------------------------------------------------------

ARANGE = (Parameter("start", "size"), Parameter("end", "size", None), Parameter("step", "int", 1))


def _range(settings: Arguments | Emission) -> tuple[Size, Size, int]:
    first, last, step = (settings.settings[p.name] for p in ARANGE)
    if not isinstance(step, int) or step == 0:
        raise Misfit("the step of `arange` is 0", "count up or down")
    if last is None:
        return constant(0), size_of(first), step
    return size_of(first), size_of(last), step


def _arange_shape(args: Arguments) -> Outcome:
    start, end, step = _range(args)
    span = subtract(end, start) if start.terms else end
    if step < 0:
        span, step = subtract(start, end), -step
    if step > 1:
        span = floor_divide(add(span, constant(step - 1)), constant(step))
    if span.value is not None and span.value < 1:
        raise Misfit("`arange` has no elements", "let the end lie beyond the start")
    return Outcome((span,), "int")


def _device(e: Emission) -> dict[str, Py]:
    return {key: code for key, code in e.creation().items() if key == "device"}


def _arange(e: Emission) -> Py:
    start, end, step = _range(e)
    codes = [e.size(start), e.size(end)] if start.terms or step != 1 else [e.size(end)]
    return call("torch.arange", *codes, *([literal(step)] if step != 1 else []), **_device(e))


def _linspace_shape(args: Arguments) -> Outcome:
    return Outcome(positive_sizes((size_of(args.settings["steps"]),)), "float")


def _linspace(e: Emission) -> Py:
    ends = setting(e, "start"), setting(e, "end")
    return call("torch.linspace", *ends, e.size(e.result.shape[0]), **e.creation())


def _eye_shape(args: Arguments) -> Outcome:
    rows, columns = args.settings["n"], args.settings["m"]
    listed = (rows,) if columns is None else (rows, columns)
    shape = positive_sizes(sizes_of(listed))
    return Outcome((shape[0], shape[-1]), "float")


def _eye(e: Emission) -> Py:
    square = e.settings["m"] is None
    codes = sizes(e, e.result.shape)
    return call("torch.eye", *(codes[:1] if square else codes), **e.creation())


def _identity(value: Apply, ranges: tuple[Range, ...]) -> Range:
    """0 and 1; the rows of a square matrix are one-hot."""
    return replace(at.TRUTH, simplex=value.settings["m"] is None)


def _counted(value: Apply, ranges: tuple[Range, ...]) -> Range:
    """From the start up to the step before the end, where both are known."""
    start, end, step = _range(Arguments((), (), value.settings))
    if start.value is None or end.value is None:
        return at.COUNT if start.value is not None and start.value >= 0 < step else at.INTEGERS
    listed = range(start.value, end.value, step)
    return at.hull(at.exactly(n) for n in (listed[0], listed[-1]))


def _spaced(value: Apply, ranges: tuple[Range, ...]) -> Range:
    ends = (value.settings[name] for name in ("start", "end"))
    found = at.hull(at.exactly(end) for end in ends if isinstance(end, int | float))
    return replace(found, whole=False, nonzero=False)


COUNTERS = (
    Function(
        "arange",
        "integers from start up to end",
        ARANGE,
        _arange_shape,
        _arange,
        broken="none",
        algebra=CONSTANT,
        range=_counted,
        smoothness=SMOOTH,
        group=GROUP,
    ),
    Function(
        "linspace",
        "numbers at equal distances, both ends included",
        (Parameter("start", "number"), Parameter("end", "number"), Parameter("steps", "size")),
        _linspace_shape,
        _linspace,
        broken="none",
        algebra=CONSTANT,
        range=_spaced,
        smoothness=SMOOTH,
        group=GROUP,
    ),
    Function(
        "eye",
        "the identity matrix",
        (Parameter("n", "size"), Parameter("m", "size", None)),
        _eye_shape,
        _eye,
        broken="none",
        algebra=CONSTANT,
        range=_identity,
        smoothness=SMOOTH,
        group=GROUP,
    ),
)


# --- tensor([...]) -------------------------------------------------------------------------------


def _numbers_shape(value: object) -> Shape:
    if not isinstance(value, tuple | list):
        return ()
    shapes = [_numbers_shape(item) for item in value]
    if not shapes:
        raise Misfit("`tensor` of an empty list", "write at least one number")
    if any(shape != shapes[0] for shape in shapes):
        raise Misfit("the rows of `tensor` differ in length", "make the nested lists rectangular")
    return (constant(len(shapes)), *shapes[0])


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, tuple | list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _tensor_shape(args: Arguments) -> Outcome:
    value = args.settings["data"]
    kinds = {type(leaf) for leaf in _leaves(value)}
    dtype: Dtype = "float" if float in kinds else "int" if int in kinds else "bool"
    return Outcome(_numbers_shape(value), dtype)


def _nested(value: object) -> Py:
    match value:
        case list() | tuple():
            return list_of(*map(_nested, value))
        case bool() | int() | float():
            return literal(value)
        case _:
            raise TypeError(f"not a number: {value!r}")


def _tensor(e: Emission) -> Py:
    return call("torch.tensor", _nested(e.settings["data"]), **e.creation())


def _written(value: Apply, ranges: tuple[Range, ...]) -> Range:
    """What is written there, and whether each row sums to 1."""
    data = value.settings["data"]
    found = at.hull(at.exactly(n) for n in _leaves(data) if isinstance(n, int | float))
    simplex = found.nonnegative and all(abs(sum(row) - 1) < 1e-6 for row in _rows(data))
    return replace(found, simplex=simplex)


def _rows(value: object) -> Iterator[tuple[float, ...]]:
    if not isinstance(value, tuple | list):
        yield (0.0,)
    elif value and isinstance(value[0], tuple | list):
        for item in value:
            yield from _rows(item)
    else:
        yield tuple(float(item) for item in value)


TENSOR = Function(
    "tensor",
    "numbers, written out in nested lists",
    (Parameter("data", "numbers"),),
    _tensor_shape,
    _tensor,
    broken="none",
    algebra=CONSTANT,
    range=_written,
    smoothness=SMOOTH,
    group=GROUP,
)


# --- the deliberate cut --------------------------------------------------------------------------

STOP_GRADIENT = Function(
    "stop_gradient",
    "the value itself, without path and without credit",
    (Parameter("input"),),
    lambda args: Outcome(args.shapes[0], args.types[0].dtype),
    lambda e: method(e.operands[0], "detach"),
    broken="all",
    algebra=SUM,
    range=one(lambda a: a),
    smoothness=SMOOTH,
    cut=True,
    fold=lambda number: number,
    group=GROUP,
)

WITHOUT_CREDIT = Function(
    "without_credit",
    "the value itself, differentiated at the values drawn: it credits no score",
    (Parameter("input"),),
    lambda args: Outcome(args.shapes[0], args.types[0].dtype),
    lambda e: e.operands[0],
    broken="none",
    algebra=SUM,
    range=one(lambda a: a),
    smoothness=SMOOTH,
    numbers="all",
    uncredited=True,
    fold=lambda number: number,
    group=GROUP,
)

# --- what a story says of a value ----------------------------------------------------------------

CONTINUOUS = Function(
    "continuous",
    "the value itself, of which the story says that it does not jump",
    (Parameter("input"),),
    lambda args: Outcome(args.shapes[0], args.types[0].dtype),
    lambda e: e.operands[0],
    broken="none",
    algebra=SUM,
    range=one(lambda a: a),
    smoothness=SMOOTH,
    numbers="all",
    fold=lambda number: number,
    group=GROUP,
)

FUNCTIONS = (*CONSTANTS, *COUNTERS, TENSOR, STOP_GRADIENT, WITHOUT_CREDIT, CONTINUOUS)
