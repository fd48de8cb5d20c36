"""Initial values of parameters: numbers, tensors and torch's initialisers."""

from __future__ import annotations

import math
from dataclasses import replace

from storchc.diagnostics import options as words
from storchc.ir.defaults import Initial, Numbers
from storchc.ir.size import Shape
from storchc.ir.types import write_shape
from storchc.syntax import tree
from storchc.typing.constants import nested_numbers, number
from storchc.typing.context import Context, Refused

LARGEST = 3.4028234663852886e38
"""Of a float32, which parameters are unless torch's default is set otherwise."""

_PARAMETERS: dict[str, tuple[tuple[str, float], ...]] = {
    "normal": (("mean", 0.0), ("std", 1.0)),
    "uniform": (("a", 0.0), ("b", 1.0)),
    "zeros": (),
    "ones": (),
    "xavier_uniform": (),
    "xavier_normal": (),
    "kaiming_uniform": (),
    "kaiming_normal": (),
    "orthogonal": (),
}
_MATRICES = frozenset(name for name in _PARAMETERS if "_" in name or name == "orthogonal")


def initial_value(ctx: Context, init: tree.Expression, shape: Shape | None) -> Initial:
    """The checked initial value."""
    if isinstance(init, tree.Call):
        if init.function.id == "tensor":
            return _tensor(ctx, init, shape)
        return _initialiser(ctx, init, shape)
    value = number(ctx, init)
    if value is None:
        message = "this is no initial value of a parameter"
        help = f"write a number, `tensor([…])`, or one of {words.INITIALISERS}"
        raise Refused(words.wrong_initial_value(init.span, message, help))
    return Initial("full", (_fitting(init, value),))


def _tensor(ctx: Context, init: tree.Call, shape: Shape | None) -> Initial:
    numbers = nested_numbers(ctx, init.args[0]) if len(init.args) == 1 else None
    if numbers is None or init.keywords:
        message = "`tensor` takes nested lists of numbers"
        raise Refused(words.wrong_initial_value(init.span, message, "write `tensor([0.3, -1.2])`"))
    given = _extent(numbers)
    if given is None:
        message = "the lists of `tensor` have different lengths"
        help = "give all lists of one level the same length"
        raise Refused(words.wrong_initial_value(init.span, message, help))
    if shape is not None and given != tuple(size.value for size in shape):
        written = f"[{', '.join(map(str, given))}]"
        message = f"the tensor has the shape `{written}`, the parameter `{write_shape(shape)}`"
        raise Refused(words.wrong_initial_value(init.span, message, "make the two shapes equal"))
    return Initial("tensor", (_floats(init, numbers),))


def _extent(numbers: object) -> tuple[int, ...] | None:
    if not isinstance(numbers, tuple):
        return ()
    inner = {_extent(item) for item in numbers}
    only = inner.pop() if len(inner) == 1 else None
    return None if only is None else (len(numbers), *only)


def _floats(init: tree.Expression, numbers: object) -> Numbers:
    if isinstance(numbers, tuple):
        return tuple(_floats(init, item) for item in numbers)
    assert isinstance(numbers, int | float)
    return _fitting(init, numbers)


def _fitting(init: tree.Expression, value: float) -> float:
    """The number as a float, in which torch's own can hold it."""
    if LARGEST < abs(value) < math.inf:
        message = f"{value:g} is too large for torch's floats"
        help = "write a number of at most 3.4e38, or `inf`"
        raise Refused(words.wrong_initial_value(init.span, message, help))
    return float(value)


def _initialiser(ctx: Context, init: tree.Call, shape: Shape | None) -> Initial:
    name = init.function
    parameters = _PARAMETERS.get(name.id)
    if parameters is None:
        raise Refused(words.unknown_initialiser(name, (*_PARAMETERS, "tensor")))
    if name.id in _MATRICES and shape is not None and len(shape) < 2:
        message = f"`{name.id}` needs two dimensions or more, and this has `{write_shape(shape)}`"
        help = "write `normal(0, 0.01)` or `uniform(-0.1, 0.1)` instead"
        raise Refused(words.wrong_initial_value(init.span, message, help))
    values = tuple(_argument(ctx, init, i, p) for i, p in enumerate(parameters))
    _check_surplus(init, parameters)
    _check_bounds(init, values)
    return Initial(name.id, values)


def _signature(init: tree.Call) -> str:
    parameters = _PARAMETERS[init.function.id]
    return f"{init.function.id}({', '.join(f'{name}={value}' for name, value in parameters)})"


def _argument(ctx: Context, init: tree.Call, place: int, parameter: tuple[str, float]) -> float:
    name, default = parameter
    named = next((k.value for k in init.keywords if k.name.id == name), None)
    given = init.args[place] if place < len(init.args) else named
    if given is None:
        return default
    value = number(ctx, given)
    if value is None:
        raise Refused(words.wrong_argument(given.span, name, "a number", _signature(init)))
    return _fitting(given, value)


def _check_surplus(init: tree.Call, parameters: tuple[tuple[str, float], ...]) -> None:
    name, known = init.function.id, [p for p, _ in parameters]
    if len(init.args) > len(known):
        span = init.args[len(known)].span
        problem = words.too_many_arguments(span, name, len(known), _signature(init))
        shape = isinstance(init.args[len(known)], tree.ListOf)
        raise Refused(replace(problem, help=words.SHAPE_OF_PARAM) if shape else problem)
    for keyword in init.keywords:
        if keyword.name.id not in known:
            raise Refused(words.unknown_argument(keyword.name, name, known, _signature(init)))
        if keyword.name.id in known[: len(init.args)]:
            raise Refused(words.argument_twice(keyword.name, name, _signature(init)))


def _check_bounds(init: tree.Call, values: tuple[float, ...]) -> None:
    if init.function.id == "normal" and values[1] < 0:
        message = "the standard deviation is negative"
        raise Refused(words.wrong_initial_value(init.span, message, "write it without the sign"))
    if init.function.id == "uniform" and values[0] > values[1]:
        message = "the lower end of the interval is above the upper one"
        raise Refused(words.wrong_initial_value(init.span, message, "exchange the two numbers"))
