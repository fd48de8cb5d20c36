"""Elementwise mathematics of one value: rows of a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

from storchc.catalogue.function import (
    Algebra,
    Arguments,
    Emission,
    Function,
    Outcome,
    Parameter,
    Ranging,
    Smooth,
)
from storchc.catalogue.functions import elementary as special
from storchc.catalogue.functions import folding
from storchc.catalogue.functions.algebra import ELEMENTWISE, SUM
from storchc.catalogue.functions.fitting import elementwise, numeric
from storchc.catalogue.functions.ranging import (
    REAL,
    TRUTH,
    even,
    falling,
    fixed,
    number,
    numbers,
    one,
    rising,
    whole,
)
from storchc.catalogue.functions.smooth import SMOOTH, by, corners, counts, poles, steps, touches
from storchc.catalogue.functions.writing import FUNCTIONAL, listed, same
from storchc.ir import ranges as at
from storchc.ir.ranges import Range
from storchc.ir.types import Dtype
from storchc.python.expressions import Py, call, literal, method

Rule = Literal["float", "number", "bool", "whole"]
Broken = Literal["all", "none"]
Fold = Callable[..., int | float | bool]
Table = dict[str, tuple[str, Fold | None, Ranging, Smooth]]
"""Summary, what it is of a number, where it lies and how it moves, by name."""

Options = tuple[tuple[str, str, tuple[Parameter, ...], Ranging, Smooth], ...]
"""The same of functions with settings, without what they are of a number."""

INPUT = Parameter("input")
LOGARITHM = rising(folding.logarithm(math.log), at.NONNEGATIVE)
LOG_POLE = by(special.below(0.0))


def _number(name: str, default: float | None = None) -> Parameter:
    return Parameter(name, "number", default)


def dtype_of(rule: Rule, args: Arguments) -> Dtype:
    """The dtype of a result: always float, as the operands (bools count), a truth value, an int."""
    match rule:
        case "float":
            return "float"
        case "number":
            return numeric(args.promoted())
        case "bool":
            return "bool"
        case "whole":
            return args.promoted()


def _infer(rule: Rule, args: Arguments) -> Outcome:
    return elementwise(dtype_of(rule, args), args)


def _emit(target: str, rule: Rule, parameters: tuple[Parameter, ...], e: Emission) -> Py:
    operands = e.operands if rule == "bool" else same(e)
    return listed(e, parameters, operands, target)


ROUNDED = (INPUT, Parameter("decimals", "int", 0))


def _round(e: Emission) -> Py:
    """Torch rounds integers to no decimals alone."""
    decimals = e.settings["decimals"]
    assert isinstance(decimals, int)
    if e.result.dtype == "float" or decimals == 0:
        return _emit("torch.round", "number", ROUNDED, e)
    (whole,) = same(e)
    if decimals > 0:
        return whole
    tens = call("torch.round", method(whole, "double"), decimals=literal(decimals))
    return method(tens, "long")


def _rows(
    home: str,
    rule: Rule,
    rows: Table,
    *,
    broken: Broken,
    algebra: Algebra = ELEMENTWISE,
) -> Iterator[Function]:
    for name, (summary, fold, range, smoothness) in rows.items():
        yield _row(
            home,
            rule,
            name,
            summary,
            (INPUT,),
            range,
            smoothness,
            broken=broken,
            fold=fold,
            algebra=algebra,
        )


def _row(
    home: str,
    rule: Rule,
    name: str,
    summary: str,
    parameters: tuple[Parameter, ...],
    range: Ranging,
    smoothness: Smooth,
    *,
    broken: Broken,
    fold: Fold | None = None,
    algebra: Algebra = ELEMENTWISE,
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
        fold=fold,
        group="activations" if home == FUNCTIONAL else "elementwise",
    )


FLOATS: Table = {
    "exp": ("e to the power of x", folding.exp, rising(folding.exp), SMOOTH),
    "exp2": ("2 to the power of x", None, rising(folding.exp2), SMOOTH),
    "expm1": ("exp(x) - 1, exact near 0", folding.expm1, rising(folding.expm1), SMOOTH),
    "log": ("natural logarithm", folding.logarithm(math.log), LOGARITHM, LOG_POLE),
    "log2": (
        "logarithm to base 2",
        folding.logarithm(math.log2),
        rising(folding.logarithm(math.log2), at.NONNEGATIVE),
        LOG_POLE,
    ),
    "log10": (
        "logarithm to base 10",
        folding.logarithm(math.log10),
        rising(folding.logarithm(math.log10), at.NONNEGATIVE),
        LOG_POLE,
    ),
    "log1p": (
        "log(1 + x), exact near 0",
        folding.logarithm(math.log1p, -1.0),
        rising(folding.logarithm(math.log1p, -1.0), Range(-1.0)),
        by(special.below(-1.0)),
    ),
    "sqrt": (
        "square root",
        folding.within(math.sqrt, 0.0),
        rising(folding.within(math.sqrt, 0.0), at.NONNEGATIVE),
        by(special.defined_from(0.0)),
    ),
    "rsqrt": ("1 / sqrt(x)", folding.rsqrt, falling(folding.rsqrt, at.NONNEGATIVE), LOG_POLE),
    "reciprocal": ("1 / x", folding.reciprocal, one(at.reciprocal), by(poles(0.0))),
    "sin": ("sine", folding.periodic(math.sin), fixed(at.SIGNED_UNIT), SMOOTH),
    "cos": ("cosine", folding.periodic(math.cos), fixed(at.SIGNED_UNIT), SMOOTH),
    "tan": ("tangent", folding.periodic(math.tan), one(special.tangent), by(special.tangent_poles)),
    "asin": (
        "inverse sine",
        folding.within(math.asin, -1.0, 1.0),
        rising(math.asin, at.SIGNED_UNIT),
        by(touches(-1.0, 1.0)),
    ),
    "acos": (
        "inverse cosine",
        folding.within(math.acos, -1.0, 1.0),
        falling(math.acos, at.SIGNED_UNIT),
        by(touches(-1.0, 1.0)),
    ),
    "atan": ("inverse tangent", math.atan, rising(math.atan), SMOOTH),
    "sinh": ("hyperbolic sine", folding.sinh, rising(folding.sinh), SMOOTH),
    "cosh": ("hyperbolic cosine", folding.cosh, even(folding.cosh), SMOOTH),
    "tanh": ("hyperbolic tangent", math.tanh, rising(math.tanh), SMOOTH),
    "asinh": ("inverse hyperbolic sine", math.asinh, rising(math.asinh), SMOOTH),
    "acosh": (
        "inverse hyperbolic cosine",
        folding.within(math.acosh, 1.0),
        rising(folding.within(math.acosh, 1.0), Range(1.0)),
        by(special.defined_from(1.0)),
    ),
    "atanh": (
        "inverse hyperbolic tangent",
        folding.atanh,
        rising(folding.atanh, at.SIGNED_UNIT),
        by(poles(-1.0, 1.0)),
    ),
    "sigmoid": ("1 / (1 + exp(-x))", folding.sigmoid, rising(folding.sigmoid), SMOOTH),
    "erf": ("error function", math.erf, rising(math.erf), SMOOTH),
    "erfc": ("1 - erf(x)", math.erfc, falling(math.erfc), SMOOTH),
    "erfinv": ("inverse of the error function", None, REAL, by(poles(-1.0, 1.0))),
    "lgamma": (
        "logarithm of the absolute value of the gamma function",
        None,
        number(math.lgamma, one(special.log_gamma)),
        by(special.gamma_poles),
    ),
    "digamma": ("derivative of lgamma", None, REAL, by(special.gamma_poles)),
    "i0": ("modified Bessel function of order 0", None, fixed(Range(1.0)), SMOOTH),
    "sinc": ("sin(pi x) / (pi x)", None, fixed(Range(-0.2173, 1.0)), SMOOTH),
}

SCALES: Table = {
    "deg2rad": ("degrees to radians", math.radians, rising(math.radians), SMOOTH),
    "rad2deg": ("radians to degrees", math.degrees, rising(math.degrees), SMOOTH),
}

SPECIAL: Table = {
    "erfcx": ("exp(x**2) erfc(x)", None, fixed(at.POSITIVE), SMOOTH),
    "i0e": ("exp(-|x|) i0(x)", None, fixed(Range(0.0, 1.0, low_open=True)), by(corners(0.0))),
    "i1": ("modified Bessel function of order 1", None, one(special.signed), SMOOTH),
    "i1e": ("exp(-|x|) i1(x)", None, fixed(Range(-0.2192, 0.2192)), by(corners(0.0, kind="bend"))),
    "ndtr": (
        "distribution function of the standard normal",
        None,
        number(special.ndtr, fixed(at.OPEN_UNIT)),
        SMOOTH,
    ),
    "log_ndtr": ("logarithm of ndtr, exact in the tail", None, fixed(at.NEGATIVE), SMOOTH),
    "ndtri": ("quantile function of the standard normal", None, REAL, by(poles(0.0, 1.0))),
    "entr": ("-x log(x)", None, one(special.entropy), by(special.entropy_smooth)),
}

NUMBERS: Table = {
    "abs": ("absolute value", abs, one(at.absolute), by(corners(0.0))),
    "square": ("x * x", folding.square, one(at.square), SMOOTH),
}

ROUNDING: Table = {
    "floor": ("the next integer below", folding.whole(math.floor), whole(math.floor), by(counts)),
    "ceil": ("the next integer above", folding.whole(math.ceil), whole(math.ceil), by(counts)),
    "trunc": (
        "the next integer towards 0",
        folding.whole(math.trunc),
        whole(math.trunc),
        by(counts),
    ),
    "sign": ("-1, 0 or 1", folding.sign, one(special.sign), by(steps(0.0))),
}

TRUTHS: Table = {
    "isfinite": ("whether x is neither infinite nor NaN", math.isfinite, TRUTH, SMOOTH),
    "isinf": ("whether x is infinite", math.isinf, TRUTH, SMOOTH),
    "isnan": ("whether x is NaN", math.isnan, TRUTH, SMOOTH),
    "signbit": ("whether x is below 0 (or -0.0)", None, TRUTH, by(corners(0.0, kind="jump"))),
}

ACTIVATIONS: Table = {
    "hardsigmoid": (
        "piecewise linear sigmoid",
        None,
        number(special.hard_sigmoid, fixed(at.UNIT)),
        by(corners(-3.0, 3.0)),
    ),
    "hardswish": (
        "x relu6(x + 3) / 6",
        None,
        number(lambda x: x * special.hard_sigmoid(x), one(special.bowl(-0.375))),
        by(corners(-3.0, 3.0)),
    ),
    "logsigmoid": (
        "log(sigmoid(x)), exact in the tail",
        None,
        number(special.log_sigmoid, fixed(at.NEGATIVE)),
        SMOOTH,
    ),
    "mish": ("x tanh(softplus(x))", None, number(special.mish, one(special.bowl(-0.3089))), SMOOTH),
    "relu6": ("x between 0 and 6", None, one(special.clamped(0.0, 6.0)), by(corners(0.0, 6.0))),
    "selu": (
        "scaled exponential linear unit",
        None,
        number(special.selu, one(special.at_least(-1.7581))),
        by(corners(0.0)),
    ),
    "silu": (
        "x sigmoid(x)",
        None,
        number(lambda x: x * folding.sigmoid(x), one(special.bowl(-0.2785))),
        SMOOTH,
    ),
    "softsign": ("x / (1 + |x|)", None, rising(special.soft_sign), by(corners(0.0, kind="bend"))),
    "tanhshrink": (
        "x - tanh(x)",
        None,
        number(lambda x: x - math.tanh(x), one(special.signed)),
        SMOOTH,
    ),
}

OPTIONS: Options = (
    (
        "celu",
        "continuously differentiable exponential linear unit",
        (INPUT, _number("alpha", 1.0)),
        numbers(special.celu, one(special.signed)),
        by(corners(0.0, kind="bend")),
    ),
    (
        "elu",
        "exponential linear unit",
        (INPUT, _number("alpha", 1.0)),
        special.exponential_linear,
        special.elu_bends,
    ),
    (
        "gelu",
        "x ndtr(x)",
        (INPUT, Parameter("approximate", "text", "none")),
        numbers(special.gelu, one(special.bowl(-0.1701))),
        SMOOTH,
    ),
    (
        "hardtanh",
        "x between two bounds",
        (INPUT, _number("min_val", -1.0), _number("max_val", 1.0)),
        special.hard_tanh,
        special.hard_tanh_corners,
    ),
    (
        "leaky_relu",
        "x, times a slope below 0",
        (INPUT, _number("negative_slope", 0.01)),
        special.leaky,
        special.leaky_corner,
    ),
    (
        "softplus",
        "log(1 + exp(x))",
        (INPUT, _number("beta", 1.0), _number("threshold", 20.0)),
        special.soft_plus,
        special.soft_plus_jump,
    ),
    (
        "softshrink",
        "x drawn towards 0 by lambd",
        (INPUT, _number("lambd", 0.5)),
        numbers(special.soft_shrunk, special.shrunk),
        special.shrinking("corner"),
    ),
)
JUMPS: Options = (
    (
        "hardshrink",
        "x where |x| > lambd, 0 elsewhere",
        (INPUT, _number("lambd", 0.5)),
        numbers(special.hard_shrunk, special.shrunk),
        special.shrinking("jump"),
    ),
    (
        "threshold",
        "x above a threshold, a number elsewhere",
        (INPUT, Parameter("threshold", "number"), Parameter("value", "number")),
        special.threshold,
        special.threshold_jump,
    ),
)

SETTINGS: Options = (
    (
        "logit",
        "log(x / (1 - x)), x kept within [eps, 1 - eps]",
        (INPUT, _number("eps")),
        special.logit,
        special.logit_smooth,
    ),
    (
        "nan_to_num",
        "NaN and infinities replaced by numbers",
        (INPUT, _number("nan", 0.0), _number("posinf"), _number("neginf")),
        number(lambda x: x, special.without_nan),
        SMOOTH,
    ),
    (
        "polygamma",
        "n-th derivative of digamma",
        (Parameter("n", "int"), INPUT),
        special.polygamma,
        by(special.gamma_poles),
    ),
    (
        "mvlgamma",
        "logarithm of the multivariate gamma function",
        (INPUT, Parameter("p", "int")),
        REAL,
        special.multigamma_poles,
    ),
)

FUNCTIONS = (
    *_rows("torch", "float", FLOATS, broken="none"),
    *_rows("torch", "float", SCALES, broken="none", algebra=SUM),
    *_rows("torch.special", "float", SPECIAL, broken="none"),
    *_rows("torch", "number", NUMBERS, broken="none"),
    *_rows("torch", "number", ROUNDING, broken="all"),
    *_rows("torch", "bool", TRUTHS, broken="all"),
    *_rows(FUNCTIONAL, "float", ACTIVATIONS, broken="none"),
    *(_row(FUNCTIONAL, "float", *row, broken="none") for row in OPTIONS),
    *(_row(FUNCTIONAL, "float", *row, broken="none") for row in JUMPS),
    *(_row("torch", "float", *row, broken="none") for row in SETTINGS),
    _row(
        "torch",
        "float",
        "frac",
        "x - trunc(x)",
        (INPUT,),
        number(lambda x: math.fmod(x, 1.0), one(special.fraction)),
        by(counts),
        broken="none",
    ),
    _row(
        "torch",
        "number",
        "relu",
        "x above 0, 0 elsewhere",
        (INPUT,),
        one(lambda a: at.larger(a, at.exactly(0))),
        by(corners(0.0)),
        broken="none",
    ),
    Function(
        "round",
        "the nearest integer (or multiple of 10**-decimals), ties to even",
        ROUNDED,
        partial(_infer, "number"),
        _round,
        range=special.rounded,
        smoothness=special.rounding,
        broken="all",
        algebra=ELEMENTWISE,
        group="elementwise",
    ),
)
