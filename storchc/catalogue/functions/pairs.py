"""Elementwise mathematics of two or more values."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Literal

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Misfit,
    Outcome,
    Parameter,
    Ranging,
    Smooth,
)
from storchc.catalogue.functions import algebra, folding, moves, relations
from storchc.catalogue.functions.algebra import ELEMENTWISE
from storchc.catalogue.functions.elementary import below
from storchc.catalogue.functions.elementwise import Rule, dtype_of
from storchc.catalogue.functions.fitting import elementwise
from storchc.catalogue.functions.operators import ARITHMETIC
from storchc.catalogue.functions.ranging import TRUTH, numbers, two
from storchc.catalogue.functions.smooth import JUMPS, SMOOTH, by, overlapping, unmoved
from storchc.catalogue.functions.writing import given, listed, same, settled
from storchc.ir import ranges as at
from storchc.python.expressions import Py, call, method

PAIR = (Parameter("input"), Parameter("other"))
Broken = Literal["all", "none"] | frozenset[int]
Fold = Callable[..., int | float | bool]


def _infer(rule: Rule, args: Arguments) -> Outcome:
    return elementwise(dtype_of(rule, args), args)


def _emit(target: str, rule: Rule, parameters: tuple[Parameter, ...], e: Emission) -> Py:
    operands = e.operands if rule == "bool" else same(e) if rule == "float" else settled(e)
    return listed(e, parameters, operands, target)


def _pair(
    name: str,
    summary: str,
    rule: Rule,
    range: Ranging,
    smoothness: Smooth,
    *,
    broken: Broken,
    home: str = "torch",
    parameters: tuple[Parameter, ...] = PAIR,
    algebra: Algebra = ELEMENTWISE,
    numbers: frozenset[int] = frozenset(),
    fold: Fold | None = None,
) -> Function:
    return Function(
        name,
        summary,
        parameters,
        partial(_infer, rule),
        partial(_emit, f"{home}.{name}", rule, parameters),
        broken=broken,
        algebra=algebra,
        range=range,
        smoothness=smoothness,
        numbers=numbers or "none",
        fold=fold,
    )


SECOND = frozenset({1})
FACTOR = Algebra(moves.elementwise, algebra.only({0}))
FLOATS = (
    _pair(
        "atan2",
        "angle of the point (other, input)",
        "float",
        relations.angle,
        relations.angle_smooth,
        broken="none",
        fold=math.atan2,
    ),
    _pair(
        "copysign",
        "|a| with the sign of b",
        "float",
        relations.with_sign,
        relations.with_sign_smooth,
        broken=SECOND,
        numbers=SECOND,
        fold=math.copysign,
    ),
    _pair(
        "hypot",
        "sqrt(a**2 + b**2)",
        "float",
        relations.length,
        relations.length_smooth,
        broken="none",
        fold=math.hypot,
    ),
    _pair(
        "logaddexp",
        "log(exp(a) + exp(b))",
        "float",
        relations.log_sum(relations.log_add(math.e)),
        SMOOTH,
        broken="none",
    ),
    _pair(
        "logaddexp2",
        "log2(2**a + 2**b)",
        "float",
        relations.log_sum(relations.log_add(2.0)),
        SMOOTH,
        broken="none",
    ),
    _pair(
        "xlog1py",
        "a log1p(b), 0 where a is 0",
        "float",
        relations.x_log(folding.logarithm(math.log1p, -1.0), -1.0),
        by(unmoved, below(-1.0)),
        broken="none",
        home="torch.special",
        algebra=FACTOR,
    ),
    _pair(
        "xlogy",
        "a log(b), 0 where a is 0",
        "float",
        relations.x_log(folding.logarithm(math.log), 0.0),
        by(unmoved, below(0.0)),
        broken="none",
        algebra=FACTOR,
    ),
)
LARGER, SMALLER = two(at.larger), two(at.smaller)
NUMBERS = (
    _pair(
        "fmax",
        "the larger of a and b, NaN ignored",
        "number",
        LARGER,
        overlapping,
        broken="none",
    ),
    _pair(
        "fmin",
        "the smaller of a and b, NaN ignored",
        "number",
        SMALLER,
        overlapping,
        broken="none",
    ),
    _pair(
        "maximum",
        "the larger of a and b",
        "whole",
        LARGER,
        overlapping,
        broken="none",
        fold=folding.larger,
    ),
    _pair(
        "minimum",
        "the smaller of a and b",
        "whole",
        SMALLER,
        overlapping,
        broken="none",
        fold=folding.smaller,
    ),
    _pair(
        "fmod",
        "remainder of a / b, with the sign of a",
        "number",
        numbers(lambda value, a, b: math.fmod(a, b), relations.remainder),
        relations.dividing,
        broken="none",
        numbers=SECOND,
    ),
)


# --- closeness, steps ----------------------------------------------------------------------------

CLOSE = (*PAIR, Parameter("rtol", "number", 1e-5), Parameter("atol", "number", 1e-8))
STEP = (Parameter("input"), Parameter("values"))


def _close(args: Arguments) -> Outcome:
    if len({t.dtype for t in args.types}) > 1:
        kinds = " and ".join(t.dtype for t in args.types)
        raise Misfit(f"`isclose` of {kinds}", "multiply the integer by `1.0`", 1)
    return _infer("bool", args)


ISCLOSE = Function(
    "isclose",
    "whether a and b agree up to rtol |b| + atol",
    CLOSE,
    _close,
    partial(_emit, "torch.isclose", "bool", CLOSE),
    broken="all",
    algebra=ELEMENTWISE,
    range=TRUTH,
    smoothness=JUMPS,
)
HEAVISIDE = Function(
    "heaviside",
    "0 below 0, 1 above, the second value at 0",
    STEP,
    partial(_infer, "number"),
    lambda e: call("torch.heaviside", *(method(code, "detach") for code in same(e))),
    broken="all",
    algebra=ELEMENTWISE,
    range=relations.stepped,
    smoothness=relations.heaviside_jump,
)


# --- bounds, mixtures ----------------------------------------------------------------------------

CLAMP = (Parameter("input"), Parameter("min", default=None), Parameter("max", default=None))
LERP = (Parameter("input"), Parameter("end"), Parameter("weight"))


def _clamp_shape(args: Arguments) -> Outcome:
    if len(args.types) == 1:
        raise Misfit("`clamp` has no bound", "give `min=`, `max=`, or both")
    return _infer("number", args)


def _clamp(e: Emission) -> Py:
    operands = settled(e)
    bounds = dict(
        zip((name for name in ("min", "max") if given(e, name)), operands[1:], strict=True)
    )
    if len(bounds) == 1 or e.plain.isdisjoint({1, 2}) or e.plain >= {1, 2}:
        return call("torch.clamp", operands[0], **bounds)
    lower = call("torch.clamp", operands[0], min=bounds["min"])  # torch does not mix the two kinds
    return call("torch.clamp", lower, max=bounds["max"])


BOUNDS = (
    Function(
        "clamp",
        "x kept between bounds, numbers or values",
        CLAMP,
        _clamp_shape,
        _clamp,
        broken="none",
        algebra=ELEMENTWISE,
        range=relations.kept,
        smoothness=relations.kept_corners,
        numbers=frozenset({1, 2}),
    ),
    Function(
        "lerp",
        "input + weight (end - input)",
        LERP,
        partial(_infer, "float"),
        lambda e: call("torch.lerp", *same(e)),
        broken="none",
        algebra=Algebra(moves.elementwise, algebra.only({0, 1}, {2})),
        range=relations.mixed,
        smoothness=SMOOTH,
        numbers=frozenset({2}),
    ),
)


# --- whole numbers, names ------------------------------------------------------------------------


def _bits_shape(name: str, args: Arguments) -> Outcome:
    for position, operand in enumerate(args.types):
        if operand.dtype == "float":
            raise Misfit(f"`{name}` of a float", "use it on int or bool values", position)
    return _infer("whole", args)


def _bits(name: str, summary: str, parameters: tuple[Parameter, ...] = PAIR) -> Function:
    return Function(
        name,
        summary,
        parameters,
        partial(_bits_shape, name),
        lambda e: call(f"torch.{name}", *e.operands),
        broken="all",
        algebra=ELEMENTWISE,
        range=relations.bits,
        smoothness=JUMPS,
    )


BITS = (
    _bits("bitwise_and", "bits that both have"),
    _bits("bitwise_or", "bits that either has"),
    _bits("bitwise_xor", "bits that exactly one has"),
    _bits("bitwise_not", "the other bits", (Parameter("input"),)),
)


def _pow() -> Function:
    power = next(entry for entry in ARITHMETIC if entry.name == "power")
    return Function(
        "pow",
        power.summary,
        (Parameter("input"), Parameter("exponent")),
        power.infer,
        power.emit,
        broken=power.broken,
        algebra=power.algebra,
        range=power.range,
        smoothness=power.smoothness,
        numbers=power.numbers,
        fold=power.fold,
    )


FUNCTIONS = (*FLOATS, *NUMBERS, ISCLOSE, HEAVISIDE, *BOUNDS, *BITS, _pow())
