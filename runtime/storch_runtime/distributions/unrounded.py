"""Families of gamma variables, which floats are too coarse for where concentrations are small.

With a concentration of 0.01 two of five draws are smaller than what single precision holds, and of
beta variables with 0.1 every tenth is closer to 1 than that tells them apart. So they are drawn in
logarithms, ``log G(a) = log G(a + 1) - E/a`` with E exponential (Marsaglia and Tsang 2000, ACM TOMS
26(3), section 6), and a value knows them, as its attribute ``drawn_as``: densities and logarithms
are those of what was drawn.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from storch_runtime.distributions.base import drawn
from storch_runtime.distributions.wrapped import Implicit
from storch_runtime.distributions.written import exponential_noise
from storch_runtime.remembered import How, remembering, source_of

__all__ = [
    "Unrounded",
    "dirichlet_slope",
    "log_gamma",
    "log_gamma_path",
]

_NEAR = -46.0
"""The logarithm below which a density is a power of the value, to the last digit of floats."""


def log_gamma(concentration: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Logarithms of standard gamma variables: ``shape``, to which concentrations broadcast."""
    fixed = concentration.detach().expand(shape)
    more = torch._standard_gamma(fixed + 1).log()
    return more - exponential_noise(shape, fixed) / fixed


def log_gamma_path(concentration: Tensor, logs: Tensor) -> Tensor:
    """``logs`` of standard gamma variables with their derivative by the concentration.

    Where ``F(g)`` is a power, ``(ψ(a + 1) - log g)/a``.
    """
    with torch.no_grad():
        above, fixed = logs.clamp(min=_NEAR), concentration.expand_as(logs)
        value = above.exp()
        slope = torch._standard_gamma_grad(fixed, value) / value + (above - logs) / fixed
    return logs + (concentration - concentration.detach()) * slope


def dirichlet_slope(concentration: Tensor, logs: Tensor) -> Tensor:
    """Of each logarithm ``[..., D]`` of a Dirichlet variable, by its own concentration.

    Up to what changes all of them alike, as they add up to 1.
    """
    with torch.no_grad():
        above, fixed = logs.clamp(min=_NEAR), concentration.expand_as(logs).contiguous()
        value, total = above.exp(), fixed.sum(-1, keepdim=True).expand_as(logs)
        slope = torch._dirichlet_grad(value.contiguous(), fixed, total) / value
        return slope + (above - logs) / fixed


class Unrounded(Implicit):
    """Those whose values are made of logarithms, and know them."""

    __slots__ = ()

    how: ClassVar[How]  # what a value is made of

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        """What a value ``[n, *plates, *event]`` is made of, without gradient."""
        raise NotImplementedError

    def rounded(self, source: Tensor) -> Tensor:
        """The value that is made of it, inside of the support; of its shape."""
        raise NotImplementedError

    def source_path(self, source: Tensor) -> Tensor:
        """``source`` up to rounding, with its derivative."""
        raise NotImplementedError

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """See `Distribution.sample`."""
        if noise is not None:
            return super().sample(n, noise=noise)
        half = self.half()
        if half is not None:
            return self._halved(self.widened().sample(n), half)
        with torch.no_grad():
            source = self.draw(drawn(n, self.batch_shape + self.own_event))
            return remembering(self.rounded(source), source, self.how)

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """A sample with its implicit derivative; there is no simple noise to take."""
        if noise is not None:
            return super().rsample(n, noise=noise)
        half = self.half()
        if half is not None:
            return self._halved(self.widened().rsample(n), half)
        return self.replay(self.sample(n))

    def replay(self, value: Tensor) -> Tensor:
        """``value`` with its implicit derivative, and so what it was made of, once that is asked.

        A value that does not know that has the mean derivative of all that round to it.
        """
        found, source = super().replay(value), source_of(value, self.how)
        return found if source is None else remembering(found, source.detach(), self.how, self)

    def _halved(self, value: Tensor, half: torch.dtype) -> Tensor:
        source = source_of(value, self.how)
        assert source is not None
        return remembering(self._narrowed(value, half), source.to(half), self.how)
