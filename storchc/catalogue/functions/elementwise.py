"""Elementwise mathematics of one value: rows of a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

from storchc.catalogue.function import Algebra, Arguments, Emission, Function, Outcome, Parameter
from storchc.catalogue.functions import folding
from storchc.catalogue.functions.algebra import ELEMENTWISE, SUM
from storchc.catalogue.functions.fitting import elementwise, numeric
from storchc.catalogue.functions.writing import FUNCTIONAL, listed, same
from storchc.ir.types import Dtype
from storchc.python.expressions import Py

Rule = Literal["float", "number", "bool", "whole"]
Broken = Literal["all", "none"]
Fold = Callable[..., int | float | bool]
INPUT = Parameter("input")


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


def _rows(
    home: str,
    rule: Rule,
    rows: dict[str, tuple[str, Fold | None]],
    *,
    broken: Broken,
    algebra: Algebra = ELEMENTWISE,
) -> Iterator[Function]:
    for name, (summary, fold) in rows.items():
        yield _row(home, rule, name, summary, (INPUT,), broken=broken, fold=fold, algebra=algebra)


def _row(
    home: str,
    rule: Rule,
    name: str,
    summary: str,
    parameters: tuple[Parameter, ...],
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
        fold=fold,
        group="activations" if home == FUNCTIONAL else "elementwise",
    )


FLOATS: dict[str, tuple[str, Fold | None]] = {
    "exp": ("e to the power of x", folding.exp),
    "exp2": ("2 to the power of x", None),
    "expm1": ("exp(x) - 1, exact near 0", folding.expm1),
    "log": ("natural logarithm", folding.logarithm(math.log)),
    "log2": ("logarithm to base 2", folding.logarithm(math.log2)),
    "log10": ("logarithm to base 10", folding.logarithm(math.log10)),
    "log1p": ("log(1 + x), exact near 0", folding.logarithm(math.log1p, -1.0)),
    "sqrt": ("square root", folding.within(math.sqrt, 0.0)),
    "rsqrt": ("1 / sqrt(x)", folding.rsqrt),
    "reciprocal": ("1 / x", folding.reciprocal),
    "sin": ("sine", folding.periodic(math.sin)),
    "cos": ("cosine", folding.periodic(math.cos)),
    "tan": ("tangent", folding.periodic(math.tan)),
    "asin": ("inverse sine", folding.within(math.asin, -1.0, 1.0)),
    "acos": ("inverse cosine", folding.within(math.acos, -1.0, 1.0)),
    "atan": ("inverse tangent", math.atan),
    "sinh": ("hyperbolic sine", folding.sinh),
    "cosh": ("hyperbolic cosine", folding.cosh),
    "tanh": ("hyperbolic tangent", math.tanh),
    "asinh": ("inverse hyperbolic sine", math.asinh),
    "acosh": ("inverse hyperbolic cosine", folding.within(math.acosh, 1.0)),
    "atanh": ("inverse hyperbolic tangent", folding.atanh),
    "sigmoid": ("1 / (1 + exp(-x))", folding.sigmoid),
    "erf": ("error function", math.erf),
    "erfc": ("1 - erf(x)", math.erfc),
    "erfinv": ("inverse of the error function", None),
    "lgamma": ("logarithm of the absolute value of the gamma function", None),
    "digamma": ("derivative of lgamma", None),
    "i0": ("modified Bessel function of order 0", None),
    "sinc": ("sin(pi x) / (pi x)", None),
}

SCALES: dict[str, tuple[str, Fold | None]] = {
    "deg2rad": ("degrees to radians", math.radians),
    "rad2deg": ("radians to degrees", math.degrees),
}

SPECIAL: dict[str, tuple[str, Fold | None]] = {
    "erfcx": ("exp(x**2) erfc(x)", None),
    "i0e": ("exp(-|x|) i0(x)", None),
    "i1": ("modified Bessel function of order 1", None),
    "i1e": ("exp(-|x|) i1(x)", None),
    "ndtr": ("distribution function of the standard normal", None),
    "log_ndtr": ("logarithm of ndtr, exact in the tail", None),
    "ndtri": ("quantile function of the standard normal", None),
    "entr": ("-x log(x)", None),
}

NUMBERS: dict[str, tuple[str, Fold | None]] = {
    "abs": ("absolute value", abs),
    "square": ("x * x", folding.square),
}

ROUNDING: dict[str, tuple[str, Fold | None]] = {
    "floor": ("the next integer below", folding.whole(math.floor)),
    "ceil": ("the next integer above", folding.whole(math.ceil)),
    "trunc": ("the next integer towards 0", folding.whole(math.trunc)),
    "sign": ("-1, 0 or 1", folding.sign),
}

TRUTHS: dict[str, tuple[str, Fold | None]] = {
    "isfinite": ("whether x is neither infinite nor NaN", math.isfinite),
    "isinf": ("whether x is infinite", math.isinf),
    "isnan": ("whether x is NaN", math.isnan),
    "signbit": ("whether x is below 0 (or -0.0)", None),
}

ACTIVATIONS: dict[str, tuple[str, Fold | None]] = {
    "hardsigmoid": ("piecewise linear sigmoid", None),
    "hardswish": ("x relu6(x + 3) / 6", None),
    "logsigmoid": ("log(sigmoid(x)), exact in the tail", None),
    "mish": ("x tanh(softplus(x))", None),
    "relu6": ("x between 0 and 6", None),
    "selu": ("scaled exponential linear unit", None),
    "silu": ("x sigmoid(x)", None),
    "softsign": ("x / (1 + |x|)", None),
    "tanhshrink": ("x - tanh(x)", None),
}

OPTIONS: tuple[tuple[str, str, tuple[Parameter, ...]], ...] = (
    ("celu", "continuously differentiable exponential linear unit", (INPUT, _number("alpha", 1.0))),
    ("elu", "exponential linear unit", (INPUT, _number("alpha", 1.0))),
    ("gelu", "x ndtr(x)", (INPUT, Parameter("approximate", "text", "none"))),
    (
        "hardtanh",
        "x between two bounds",
        (INPUT, _number("min_val", -1.0), _number("max_val", 1.0)),
    ),
    ("leaky_relu", "x, times a slope below 0", (INPUT, _number("negative_slope", 0.01))),
    ("softplus", "log(1 + exp(x))", (INPUT, _number("beta", 1.0), _number("threshold", 20.0))),
    ("softshrink", "x drawn towards 0 by lambd", (INPUT, _number("lambd", 0.5))),
)
JUMPS: tuple[tuple[str, str, tuple[Parameter, ...]], ...] = (
    ("hardshrink", "x where |x| > lambd, 0 elsewhere", (INPUT, _number("lambd", 0.5))),
    (
        "threshold",
        "x above a threshold, a number elsewhere",
        (INPUT, Parameter("threshold", "number"), Parameter("value", "number")),
    ),
)

SETTINGS: tuple[tuple[str, str, tuple[Parameter, ...]], ...] = (
    ("logit", "log(x / (1 - x)), x kept within [eps, 1 - eps]", (INPUT, _number("eps"))),
    (
        "nan_to_num",
        "NaN and infinities replaced by numbers",
        (INPUT, _number("nan", 0.0), _number("posinf"), _number("neginf")),
    ),
    ("polygamma", "n-th derivative of digamma", (Parameter("n", "int"), INPUT)),
    ("mvlgamma", "logarithm of the multivariate gamma function", (INPUT, Parameter("p", "int"))),
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
    *(_row(FUNCTIONAL, "float", *row, broken="all") for row in JUMPS),
    *(_row("torch", "float", *row, broken="none") for row in SETTINGS),
    _row("torch", "float", "frac", "x - trunc(x)", (INPUT,), broken="all"),
    _row("torch", "number", "relu", "x above 0, 0 elsewhere", (INPUT,), broken="none"),
    _row(
        "torch",
        "number",
        "round",
        "the nearest integer (or multiple of 10**-decimals), ties to even",
        (INPUT, Parameter("decimals", "int", 0)),
        broken="all",
    ),
)
