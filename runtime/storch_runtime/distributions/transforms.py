"""Transforms: functions of one number with an inverse, whose slopes are right where floats end.

``tanh(10)`` is 1 in single precision. What it was made of cannot be read off it, nor can its slope;
both follow from the value before, wherever that is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from storch_runtime.carrying import carries_gradient
from storch_runtime.distributions.base import Parameter
from storch_runtime.precision import smallest

__all__ = [
    "AffineTransform",
    "ExpTransform",
    "PowerTransform",
    "SigmoidTransform",
    "SoftplusTransform",
    "TanhTransform",
]

_STEEPEST = 80.0
"""``exp`` of it is finite in single precision; whatever is steeper is flat beyond its precision."""


class Transform:
    """A function of one number; ``given()`` are its parameters, by their names in torch.

    Parameters: floats, or tensors that broadcast to values.
    Value: a float for each float, of the same shape, as of all methods here.
    """

    __slots__ = ()

    names: ClassVar[tuple[str, ...]] = ()

    def given(self) -> dict[str, Parameter]:
        """Its parameters."""
        return {name: getattr(self, name) for name in self.names}

    def value(self, x: Tensor) -> Tensor:
        """Of ``x`` of any shape, with the slope of `log_slope`; within open ends in floats too."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def log_slope(self, x: Tensor) -> Tensor:
        """``log |dy/dx|`` at ``x`` of any shape."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def holds(self, y: Tensor) -> Tensor:
        """Whether some ``x`` is sent to each of ``y``, which has any shape."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def source(self, y: Tensor) -> Tensor:
        """What is sent to ``y`` of any shape, as far as that tells; always finite."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def back(self, y: Tensor, known: Tensor) -> Tensor:
        """``known``, what is sent to ``y`` of any shape, with the slopes of the inverse."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")


class Fixed(Transform):
    """A transform without parameters, which grows."""

    __slots__ = ()

    def value(self, x: Tensor) -> Tensor:
        """See `Transform.value`."""
        with torch.no_grad():
            found = self.plain(x)
        if not carries_gradient(x):
            return found
        followed: Tensor = _Followed.apply(x, found, self.log_slope)  # type: ignore[no-untyped-call]
        return followed

    def plain(self, x: Tensor) -> Tensor:
        """The value alone, of ``x`` of any shape."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def back(self, y: Tensor, known: Tensor) -> Tensor:
        """See `Transform.back`."""
        if not carries_gradient(y):
            return known
        y, known = torch.broadcast_tensors(y, known)  # type: ignore[no-untyped-call]
        found: Tensor = _Back.apply(y, known, self.log_slope)  # type: ignore[no-untyped-call]
        return found


class _Followed(torch.autograd.Function):
    """A value whose slope is told of what it was made of."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, value: Tensor, log_slope: Callable[[Tensor], Tensor]) -> Tensor:
        """The value."""
        return value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep what it was made of."""
        x, _, ctx.log_slope = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Once more differentiable, of any order."""
        (x,) = ctx.saved_tensors
        return gradient * ctx.log_slope(x).clamp(max=_STEEPEST).exp(), None, None


class _Back(torch.autograd.Function):
    """What a value was made of, whose slope is one over that of the way there."""

    generate_vmap_rule = True

    @staticmethod
    def forward(y: Tensor, known: Tensor, log_slope: Callable[[Tensor], Tensor]) -> Tensor:
        """What is known."""
        return known.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep the result: the slope is a function of it, as its own derivatives must see."""
        ctx.log_slope = inputs[2]
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Once more differentiable, of any order."""
        (x,) = ctx.saved_tensors
        return gradient * (-ctx.log_slope(x)).clamp(max=_STEEPEST).exp(), None, None


class ExpTransform(Fixed):
    """``exp(x)``.

    Parameters: none.
    Value: positive floats, of the shape of ``x``.
    """

    __slots__ = ()

    def plain(self, x: Tensor) -> Tensor:
        """Above 0."""
        return x.exp().clamp(min=smallest(x.dtype))

    def log_slope(self, x: Tensor) -> Tensor:
        """``x``."""
        return x

    def holds(self, y: Tensor) -> Tensor:
        """Above 0."""
        return y > 0

    def source(self, y: Tensor) -> Tensor:
        """``log(y)``."""
        return y.clamp(min=smallest(y.dtype)).log()


class SoftplusTransform(Fixed):
    """``log(1 + exp(x))``.

    Parameters: none.
    Value: positive floats, of the shape of ``x``.
    """

    __slots__ = ()

    def plain(self, x: Tensor) -> Tensor:
        """Above 0."""
        return torch.logaddexp(x, x.new_zeros(())).clamp(min=smallest(x.dtype))

    def log_slope(self, x: Tensor) -> Tensor:
        """``log sigmoid(x)``."""
        return -softplus(-x)

    def holds(self, y: Tensor) -> Tensor:
        """Above 0."""
        return y > 0

    def source(self, y: Tensor) -> Tensor:
        """``log(exp(y) - 1)``."""
        y = y.clamp(min=smallest(y.dtype))
        return y + (-torch.expm1(-y)).log()


class SigmoidTransform(Fixed):
    """``1 / (1 + exp(-x))``.

    Parameters: none.
    Value: floats strictly between 0 and 1, of the shape of ``x``.
    """

    __slots__ = ()

    def plain(self, x: Tensor) -> Tensor:
        """Strictly between 0 and 1."""
        return _within_unit(x.sigmoid())

    def log_slope(self, x: Tensor) -> Tensor:
        """``log sigmoid(x) + log sigmoid(-x)``."""
        return -softplus(-x) - softplus(x)

    def holds(self, y: Tensor) -> Tensor:
        """Between 0 and 1."""
        return (y > 0) & (y < 1)

    def source(self, y: Tensor) -> Tensor:
        """``log(y / (1 - y))``."""
        y = _within_unit(y)
        return y.log() - torch.log1p(-y)


class TanhTransform(Fixed):
    """``tanh(x)``.

    Parameters: none.
    Value: floats strictly between -1 and 1, of the shape of ``x``.
    """

    __slots__ = ()

    def plain(self, x: Tensor) -> Tensor:
        """Strictly between -1 and 1."""
        return _within_signed_unit(x.tanh())

    def log_slope(self, x: Tensor) -> Tensor:
        """``2 log(2 / (exp(x) + exp(-x)))``."""
        return 2 * (math.log(2) - x - softplus(-2 * x))

    def holds(self, y: Tensor) -> Tensor:
        """Between -1 and 1."""
        return (y > -1) & (y < 1)

    def source(self, y: Tensor) -> Tensor:
        """``atanh(y)``."""
        return _within_signed_unit(y).atanh()


def _within_unit(y: Tensor) -> Tensor:
    return y.clamp(smallest(y.dtype), 1 - torch.finfo(y.dtype).eps)


def _within_signed_unit(y: Tensor) -> Tensor:
    end = 1 - torch.finfo(y.dtype).eps
    return y.clamp(-end, end)


class AffineTransform(Transform):
    """``loc + scale * x``; the scale is not 0.

    Parameters: ``loc``, ``scale``, which broadcast to values.
    Value: floats, of the shape of ``x``.
    """

    __slots__ = ("loc", "scale")

    names: ClassVar[tuple[str, ...]] = ("loc", "scale")

    def __init__(self, loc: Parameter, scale: Parameter) -> None:
        self.loc, self.scale = loc, scale

    def value(self, x: Tensor) -> Tensor:
        """See `Transform.value`."""
        return self.loc + self.scale * x

    def log_slope(self, x: Tensor) -> Tensor:
        """``log |scale|``."""
        scale = self.scale
        size = scale.abs().log() if isinstance(scale, Tensor) else math.log(abs(scale))
        return torch.zeros_like(x) + size

    def holds(self, y: Tensor) -> Tensor:
        """Everywhere."""
        return torch.ones_like(y, dtype=torch.bool)

    def source(self, y: Tensor) -> Tensor:
        """``(y - loc) / scale``."""
        return (y - self.loc) / self.scale

    def back(self, y: Tensor, known: Tensor) -> Tensor:
        """See `Transform.back`: exact as it is."""
        return self.source(y)


class PowerTransform(Transform):
    """``x ** exponent`` of positive ``x``; the exponent is not 0.

    Parameters: ``exponent``, which broadcasts to values.
    Value: positive floats, of the shape of ``x``.
    """

    __slots__ = ("exponent",)

    names: ClassVar[tuple[str, ...]] = ("exponent",)

    def __init__(self, exponent: Parameter) -> None:
        self.exponent = exponent

    def value(self, x: Tensor) -> Tensor:
        """See `Transform.value`."""
        return x.pow(self.exponent).clamp(min=smallest(x.dtype))

    def log_slope(self, x: Tensor) -> Tensor:
        """``log |exponent| + (exponent - 1) log x``."""
        power = self.exponent
        size = power.abs().log() if isinstance(power, Tensor) else math.log(abs(power))
        return size + (power - 1) * x.log()

    def holds(self, y: Tensor) -> Tensor:
        """Above 0."""
        return y > 0

    def source(self, y: Tensor) -> Tensor:
        """``y ** (1 / exponent)``."""
        return y.clamp(min=smallest(y.dtype)).pow(1 / self.exponent)

    def back(self, y: Tensor, known: Tensor) -> Tensor:
        """See `Transform.back`."""
        return self.source(y)
