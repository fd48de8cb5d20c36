"""Elementary functions of numbers, with torch's answers where Python's ``math`` raises."""

from __future__ import annotations

import math
from collections.abc import Callable

Number = int | float | bool


def exp(x: Number) -> float:
    """``e**x``; infinite where it overflows."""
    return math.inf if x > 709 else math.exp(x)


def exp2(x: Number) -> float:
    """``2**x``; infinite where it overflows."""
    return math.inf if x > 1023 else 2.0**x


def expm1(x: Number) -> float:
    """``e**x - 1``; infinite where it overflows."""
    return math.inf if x > 709 else math.expm1(x)


def logarithm(function: Callable[[float], float], pole: float = 0.0) -> Callable[[Number], float]:
    """A logarithm: minus infinity at its pole, NaN below."""

    def folded(x: Number) -> float:
        if x > pole:
            return function(x)
        return -math.inf if x == pole else math.nan

    return folded


def within(
    function: Callable[[float], float], low: float, high: float = math.inf
) -> Callable[[Number], float]:
    """A function that is NaN outside of an interval."""

    def folded(x: Number) -> float:
        return function(x) if low <= x <= high else math.nan

    return folded


def periodic(function: Callable[[float], float]) -> Callable[[Number], float]:
    """A trigonometric function: NaN at infinity."""

    def folded(x: Number) -> float:
        return function(x) if math.isfinite(x) else math.nan

    return folded


def sinh(x: Number) -> float:
    """Hyperbolic sine; infinite where it overflows."""
    return math.copysign(math.inf, x) if abs(x) > 710 else math.sinh(x)


def cosh(x: Number) -> float:
    """Hyperbolic cosine; infinite where it overflows."""
    return math.inf if abs(x) > 710 else math.cosh(x)


def atanh(x: Number) -> float:
    """Inverse hyperbolic tangent; infinite at its poles."""
    if abs(x) < 1:
        return math.atanh(x)
    return math.copysign(math.inf, x) if abs(x) == 1 else math.nan


def sigmoid(x: Number) -> float:
    """``1 / (1 + exp(-x))``, without overflow."""
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def reciprocal(x: Number) -> float:
    """``1 / x``; infinite at 0."""
    return 1 / x if x else math.copysign(math.inf, x)


def rsqrt(x: Number) -> float:
    """``1 / sqrt(x)``; infinite at 0, NaN below."""
    if x > 0:
        return 1 / math.sqrt(x)
    return math.inf if x == 0 else math.nan


def square(x: Number) -> Number:
    """``x * x``."""
    return x * x


def whole(function: Callable[[float], int]) -> Callable[[Number], Number]:
    """A rounding function: of an int itself, of a float a float."""

    def folded(x: Number) -> Number:
        if isinstance(x, float):
            return float(function(x)) if math.isfinite(x) else x
        return x

    return folded


def sign(x: Number) -> Number:
    """-1, 0 or 1, an int of an int."""
    return type(x)((x > 0) - (x < 0))


def common(chosen: Number, *choices: Number) -> Number:
    """One of several numbers in the dtype of them all."""
    if any(isinstance(number, float) for number in choices):
        return float(chosen)
    return bool(chosen) if all(isinstance(number, bool) for number in choices) else int(chosen)


def larger(a: Number, b: Number) -> Number:
    """The larger of two; NaN if one is."""
    return common(a if a != a or a >= b else b, a, b)


def smaller(a: Number, b: Number) -> Number:
    """The smaller of two; NaN if one is."""
    return common(a if a != a or a <= b else b, a, b)
