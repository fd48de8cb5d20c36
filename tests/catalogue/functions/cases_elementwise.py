"""Operators and elementwise functions: torch's own, in double precision."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.catalogue.functions.values import (
    Case,
    Given,
    Operand,
    bools,
    case,
    ints,
    lifted,
    positive,
    real,
    unit,
)


def floats(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``function`` of doubles."""

    def meaning(*values: Any) -> Tensor:
        return function(*(lifted(v).double() for v in values))

    return meaning


def counted(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """``function`` of doubles and integers, bools counted as 0 and 1."""

    def meaning(*values: Any) -> Tensor:
        tensors = [lifted(v) for v in values]
        wide = any(t.is_floating_point() for t in tensors)
        return function(*(t.double() if wide else t.long() for t in tensors))

    return meaning


INFIX = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
}
COMPARE = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}
PAIRS: tuple[tuple[Operand, Operand], ...] = (
    (real(2, 3), real(3)),
    (real(), real(2)),
    (ints(2, low=1), ints(2, low=1)),
    (ints(2, low=1), positive(2)),
    (ints(3, low=1), 0.3),
    (0.3, ints(3, low=1)),
    (real(3), 2),
    (bools(3), 1.5),
    (bools(3), positive(3)),
)
BOOLS: tuple[tuple[Operand, Operand], ...] = (
    (real(2), bools(2)),
    (real(2), True),
    (bools(3), bools(1)),
    (bools(2), True),
)


def _operators() -> Iterator[Case]:
    for name, function in {**INFIX, **COMPARE}.items():
        pairs = PAIRS if name in ("floor_divide", "remainder") else PAIRS + BOOLS
        for a, b in pairs:
            yield case(name, a, b, means=counted(function))
    for a, b in PAIRS:
        yield case("divide", a, b, means=floats(operator.truediv))
    yield case("divide", 1, ints(3, low=1), means=floats(operator.truediv))
    for name in ("power", "pow"):
        yield case(name, positive(2, 3), real(3), means=floats(torch.pow))
        yield case(name, ints(3, low=1), ints(3), means=counted(torch.pow))
        yield case(name, ints(3, low=1), -2, means=floats(torch.pow))
        yield case(name, ints(3, low=1), 0.5, means=floats(torch.pow))
        yield case(name, real(3), 2, means=floats(torch.pow))
        yield case(name, 2.0, ints(3), means=floats(torch.pow))
        yield case(name, bools(3), 2, means=counted(torch.pow))
    for operand in (real(2), ints(2), bools(2)):
        yield case("negative", operand, means=counted(operator.neg))
        yield case("positive", operand, means=counted(lambda a: a))
        yield case("logical_not", operand, means=torch.logical_not)
        for name in ("logical_and", "logical_or", "logical_xor"):
            yield case(name, operand, bools(3, 1), means=getattr(torch, name))
    yield case("logical_and", bools(2), True, means=lambda a, b: a)


def _choices() -> Iterator[Case]:
    for a, b in (
        (real(3), real(2, 1)),
        (real(3), 0),
        (0.1, ints(3)),
        (0.1, 0.3),
        (1, 0.3),
        (1, 0),
        (ints(3), bools(3)),
        (ints(3), 2),
        (bools(3), 2),
    ):
        yield case("where", bools(2, 3), a, b, means=_where)
    yield case("where", bools(), real(), real(), means=_where)
    yield case("where", bools(2), bools(2), True, means=torch.where)


def _where(condition: Tensor, a: Any, b: Any) -> Tensor:
    return counted(lambda x, y: torch.where(condition, x, y))(a, b)


UNARY = [
    "exp", "exp2", "expm1", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh",
    "sigmoid", "erf", "erfc", "i0", "sinc", "deg2rad", "rad2deg",
]  # fmt: skip
POSITIVE = [
    "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal", "lgamma", "digamma", "acosh",
]  # fmt: skip
UNIT = [
    "asin", "acos", "atanh", "erfinv",
]  # fmt: skip
SPECIAL = [
    "erfcx", "i0e", "i1", "i1e", "ndtr", "log_ndtr",
]  # fmt: skip
ACTIVATIONS = [
    "hardsigmoid", "hardswish", "logsigmoid", "mish", "relu6", "selu", "silu", "softsign",
    "tanhshrink", "celu", "elu", "gelu", "hardshrink", "hardtanh", "leaky_relu", "softplus",
    "softshrink",
]  # fmt: skip
COUNTED = [
    "abs", "square", "floor", "ceil", "trunc", "frac", "sign", "round", "relu",
]  # fmt: skip
TRUTHS = [
    "isfinite", "isinf", "isnan", "signbit",
]  # fmt: skip


def _casts() -> Iterator[Case]:
    for operand in (real(2, 3), ints(2, low=-3), bools(3), 2.5):
        yield case("float", operand, means=lambda a: lifted(a).double())
        yield case("long", operand, means=lambda a: lifted(a).long())
        yield case("int", operand, means=lambda a: lifted(a).long())
        yield case("bool", operand, means=lambda a: lifted(a).bool())


def _unary() -> Iterator[Case]:
    for name in UNARY:
        yield from _both(name, getattr(torch, name), real(2, 3))
    for name in POSITIVE:
        yield from _both(name, getattr(torch, name), positive(2, 3), ints(2, low=1))
    for name in UNIT:
        yield from _both(name, getattr(torch, name), unit(2, 3), ints(2, below=1))
    for name in SPECIAL:
        yield from _both(name, getattr(torch.special, name), real(2, 3))
    for name in ("ndtri", "entr"):
        yield case(name, unit(3), means=getattr(torch.special, name))
    for name in ACTIVATIONS:
        yield from _both(name, getattr(F, name), real(2, 3))
    for name in COUNTED:
        function = getattr(torch, name)
        for operand in (real(2, 3), bools(2)):
            yield case(name, operand, means=(floats if name == "frac" else counted)(function))
        if name != "frac":
            yield case(name, ints(2, low=-3), means=function)
    for name in TRUTHS:
        for operand in (real(2, 3), ints(2, low=-3)):
            yield case(name, operand, means=getattr(torch, name))


def _both(
    name: str, function: Callable[..., Tensor], operand: Given, whole: Given | None = None
) -> Iterator[Case]:
    yield case(name, operand, means=function)
    yield case(name, whole or ints(2), means=floats(function))
    yield case(name, 0.5 if name != "acosh" else 1.5, means=floats(function))


def _options() -> Iterator[Case]:
    x = real(2, 3)
    yield case("celu", x, means=lambda a: F.celu(a, alpha=0.5), alpha=0.5)
    yield case("elu", x, means=lambda a: F.elu(a, alpha=0.5), alpha=0.5)
    yield case("gelu", x, means=lambda a: F.gelu(a, approximate="tanh"), approximate="tanh")
    yield case("hardshrink", x, means=lambda a: F.hardshrink(a, 1.0), lambd=1.0)
    yield case("hardtanh", x, means=lambda a: F.hardtanh(a, -0.5, 0.25), min_val=-0.5, max_val=0.25)
    yield case("leaky_relu", x, means=lambda a: F.leaky_relu(a, 0.3), negative_slope=0.3)
    yield case("softplus", x, means=lambda a: F.softplus(a, 2.0, 1.0), beta=2.0, threshold=1.0)
    yield case("softshrink", x, means=lambda a: F.softshrink(a, 1.0), lambd=1.0)
    yield case("threshold", x, means=lambda a: F.threshold(a, 0.5, 7.0), threshold=0.5, value=7.0)
    yield case("logit", unit(3), means=torch.logit)
    yield case("logit", unit(3), means=lambda a: torch.logit(a, 0.3), eps=0.3)
    yield case("nan_to_num", x, means=torch.nan_to_num, nan=1.0)
    yield case("polygamma", positive(3), means=lambda a: torch.polygamma(1, a), n=1)
    yield case("mvlgamma", positive(3), means=lambda a: torch.mvlgamma(a, 2), p=2)
    yield case("round", ints(4, below=40), means=lambda a: (a / 10.0).round() * 10, decimals=-1)
    yield case("round", x, means=lambda a: torch.round(a, decimals=1), decimals=1)


def _pairs() -> Iterator[Case]:
    for name in ["atan2", "hypot", "logaddexp", "logaddexp2", "copysign"]:
        yield case(name, real(2, 3), real(3), means=getattr(torch, name))
        yield case(name, ints(2), 0.3, means=floats(getattr(torch, name)))
    for name, home in (("xlogy", torch), ("xlog1py", torch.special)):
        yield case(name, positive(2, 3), positive(3), means=getattr(home, name))
        yield case(name, ints(2, low=2), positive(2), means=floats(getattr(home, name)))
    for name in ["maximum", "minimum", "fmax", "fmin"]:
        for a, b in PAIRS:
            yield case(name, a, b, means=counted(getattr(torch, name)))
    yield case("maximum", bools(2), bools(2), means=torch.maximum)
    for a, b in PAIRS:
        yield case("fmod", a, b, means=counted(torch.fmod))
    yield case("isclose", real(3), real(3), means=torch.isclose)
    yield case(
        "isclose", real(3), real(3), means=lambda a, b: torch.isclose(a, b, atol=1.0), atol=1.0
    )
    yield case("heaviside", real(2, 3), real(3), means=torch.heaviside)
    yield case("heaviside", ints(2, low=-2), 0.5, means=floats(torch.heaviside))
    for name in ["bitwise_and", "bitwise_or", "bitwise_xor"]:
        yield case(name, ints(2), ints(3, 2), means=getattr(torch, name))
        yield case(name, bools(2), bools(2), means=getattr(torch, name))
    yield case("bitwise_not", ints(2), means=torch.bitwise_not)


def _bounds() -> Iterator[Case]:
    for x, low, high in (
        (real(2, 3), real(3), real(1)),
        (real(3), -0.5, 0.5),
        (real(3), real(3), 0.5),
        (ints(3), 1, 2),
        (ints(3), 0.5, 2),
        (ints(3), real(3), 2.5),
    ):
        yield case(
            "clamp",
            x,
            low,
            high,
            means=counted(lambda a, b, c: torch.minimum(torch.maximum(a, b), c)),
        )
    yield case("clamp", real(3), 0.5, means=lambda a, b: a.clamp(min=b))
    yield case("clamp", real(2, 3), real(3), means=lambda a, b: a.clamp(max=b), min=None)
    yield case("lerp", real(2, 3), real(3), 0.25, means=torch.lerp)
    yield case("lerp", real(3), real(3), unit(3), means=torch.lerp)
    yield case("lerp", ints(3), real(3), unit(3), means=floats(torch.lerp))


CASES = (*_operators(), *_choices(), *_casts(), *_unary(), *_options(), *_pairs(), *_bounds())
