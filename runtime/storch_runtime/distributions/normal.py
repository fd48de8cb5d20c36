"""The normal distribution, written out: the hot path of most stories."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from storch_runtime.distributions import inverse
from storch_runtime.distributions.base import (
    KEEPING,
    Distribution,
    Parameter,
    attach,
    drawn,
    joint_shape,
    spread,
    sum_event,
)

__all__ = ["Normal"]

_LOG_ROOT_TAU = 0.5 * math.log(2 * math.pi)


class Normal(Distribution):
    """``loc + scale * noise`` with standard normal noise of the sample's shape.

    Parameters: ``loc``, and ``scale`` above 0: ``[...]``.
    Value: any number, ``[...]``.
    """

    __slots__ = ("_loc", "_scale")

    pathwise = True
    replayable = True
    inverse = True

    def __init__(self, loc: Parameter, scale: Parameter, *, event: int = 0) -> None:
        self._loc = loc
        self._scale = scale
        self.event = event
        if KEEPING.asked:
            self.retain_grads()

    def given(self) -> dict[str, Parameter]:
        """``loc`` and ``scale``."""
        return {"loc": self._loc, "scale": self._scale}

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        return joint_shape(self._loc, self._scale)

    def as_torch(self) -> torch.distributions.Normal:
        """Torch's distribution."""
        return torch.distributions.Normal(self._loc, self._scale, validate_args=False)

    def _like(self) -> Tensor:
        if isinstance(self._loc, Tensor):
            return self._loc
        return self._scale if isinstance(self._scale, Tensor) else torch.zeros(())

    def log_prob(self, value: Tensor) -> Tensor:
        """``-z²/2 - log scale - log √2π`` with ``z = (value - loc) / scale``."""
        z = _quotient(_difference(value, self._loc), self._scale)
        density = torch.rsub(z.square(), -(_log(self._scale) + _LOG_ROOT_TAU), alpha=0.5)
        return sum_event(density, self.event)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """``loc + scale * noise`` without gradient."""
        return self._moved(_detached(self._loc), _detached(self._scale), n, noise)

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """``loc + scale * noise``."""
        return self._moved(self._loc, self._scale, n, noise)

    def _moved(
        self, loc: Parameter, scale: Parameter, n: int | None, noise: Tensor | None
    ) -> Tensor:
        """``loc + scale * noise`` in as few operations as there can be."""
        if noise is None:
            noise = self._fresh_noise(loc, n)
        if not isinstance(loc, Tensor):
            return loc + scale * noise
        if isinstance(scale, Tensor):
            return torch.addcmul(loc, scale, noise)
        return loc + noise if scale == 1 else torch.add(loc, noise, alpha=scale)

    def _fresh_noise(self, loc: Parameter, n: int | None) -> Tensor:
        if isinstance(loc, Tensor) and not isinstance(self._scale, Tensor):
            if n is None:
                return torch.randn_like(loc)
            return loc.new_empty((n, *loc.shape)).normal_()
        return self._like().new_empty(drawn(n, self.batch_shape)).normal_()

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard normal."""
        return inverse.normal(uniform)

    def noise(self, value: Tensor) -> Tensor:
        """The noise that gives ``value``, both ``[n, *plates, *event]``."""
        return _quotient(value - self._loc, self._scale)

    def replay(self, value: Tensor) -> Tensor:
        """``value`` with the derivatives of ``loc + scale * noise``."""
        with torch.no_grad():
            noise = self.noise(value)
        return attach(value, self._loc + self._scale * noise)

    def entropy(self) -> Tensor:
        """``log scale + log √(2πe)``."""
        each = self.scale.log() + (0.5 + _LOG_ROOT_TAU)
        return sum_event(each, self.event)

    def kl_divergence(self, other: Normal) -> Tensor:
        """``(ratio² + shift² - 1)/2 - log ratio`` ``[*plates]``, in units of the other's scale."""
        ratio = _quotient(self._scale, other._scale)
        shift = _quotient(_difference(self._loc, other._loc), other._scale)
        each = 0.5 * (ratio * ratio + shift * shift - 1) - _log(ratio)
        return sum_event(torch.as_tensor(each), self.event)

    @property
    def loc(self) -> Tensor:
        """The mean."""
        return spread(self._loc, self.batch_shape, self._like())

    @property
    def scale(self) -> Tensor:
        """The standard deviation."""
        return spread(self._scale, self.batch_shape, self._like())

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """The square of the standard deviation."""
        return self.scale.square()


def _detached(value: Parameter) -> Parameter:
    return value.detach() if isinstance(value, Tensor) else value


def _log(value: Parameter) -> Parameter:
    return value.log() if isinstance(value, Tensor) else math.log(value)


def _difference(a: Parameter, b: Parameter) -> Tensor:
    return a if not isinstance(b, Tensor) and b == 0 else a - b  # type: ignore[return-value]


def _quotient(a: Parameter, b: Parameter) -> Tensor:
    return a if not isinstance(b, Tensor) and b == 1 else a / b  # type: ignore[return-value]
