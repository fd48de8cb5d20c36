"""Families over the real line, an interval of it, or the circle."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions import inverse
from storch_runtime.distributions.pathwise import dirichlet_path
from storch_runtime.distributions.wrapped import Forwarded, Implicit, Noisy, Wrapped
from storch_runtime.precision import smallest

__all__ = ["Cauchy", "Gumbel", "Laplace", "StudentT", "Uniform", "VonMises"]


class LocationScale(Noisy):
    """``loc + scale * noise``; the noise is the family's own with ``loc=0, scale=1``."""

    __slots__ = ()

    loc = Forwarded()
    scale = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """``(value - loc) / scale``."""
        return (value - self.loc) / self.scale

    def from_noise(self, noise: Tensor) -> Tensor:
        """``loc + scale * noise``."""
        return self.loc + self.scale * noise


class Cauchy(LocationScale):
    """Heavy tails, no mean.

    Parameters: ``loc``, and ``scale`` above 0: ``[...]``.
    Value: any number, ``[...]``.
    """

    __slots__ = ()

    make = torch.distributions.Cauchy
    inverse = True

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard Cauchy."""
        return inverse.cauchy(uniform)


class Gumbel(LocationScale):
    """The largest of many.

    Parameters: ``loc``, and ``scale`` above 0: ``[...]``.
    Value: any number, ``[...]``.
    """

    __slots__ = ()

    make = torch.distributions.Gumbel
    inverse = True

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard Gumbel."""
        return inverse.gumbel(uniform)


class Laplace(LocationScale):
    """Exponential tails on both sides.

    Parameters: ``loc``, and ``scale`` above 0: ``[...]``.
    Value: any number, ``[...]``.
    """

    __slots__ = ()

    make = torch.distributions.Laplace
    inverse = True

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard Laplace."""
        return inverse.laplace(uniform)


class StudentT(Implicit):
    """Polynomial tails. With ``t = (value - loc)/scale``, ``t²/(df + t²)`` is Beta(1/2, df/2).

    Parameters: ``df`` above 0, ``loc`` (0), ``scale`` (1) above 0: ``[...]``.
    Value: any number, ``[...]``.
    Derivative of a sample: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498.
    """

    __slots__ = ()

    make = torch.distributions.StudentT

    df = Forwarded()
    loc = Forwarded()
    scale = Forwarded()

    def path(self, value: Tensor) -> Tensor:
        """Through the Beta variable."""
        df = self.df
        with torch.no_grad():
            t = (value - self.loc) / self.scale
            square = t.square().clamp(min=smallest(t.dtype))
            beta = torch.stack((square / (df + square), df / (df + square)), -1)
        half = torch.stack((torch.full_like(df, 0.5), df / 2), -1)
        first, second = dirichlet_path(half, beta).unbind(-1)
        return self.loc + self.scale * t.sign() * (df * first / second).sqrt()


class Uniform(Noisy):
    """Evenly spread; the noise is uniform on [0, 1).

    Parameters: ``low`` and ``high``: ``[...]``.
    Value: from ``low`` to ``high``, ``[...]``.
    """

    __slots__ = ()

    make = torch.distributions.Uniform
    inverse = True

    low = Forwarded()
    high = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """How far ``value`` lies between ``low`` and ``high``."""
        return (value - self.low) / (self.high - self.low)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``low + (high - low) * noise``."""
        return self.low + (self.high - self.low) * noise

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Uniform itself."""
        return uniform


class VonMises(Wrapped):
    """A normal distribution of angles.

    Parameters: ``loc``, and ``concentration`` above 0: ``[...]``.
    Value: angles in radians, from -π to π, ``[...]``.
    """

    __slots__ = ()

    make = torch.distributions.VonMises

    loc = Forwarded()
    concentration = Forwarded()

    def peak(self) -> Tensor:
        """``loc``, between -π and π."""
        return (self.loc + torch.pi) % (2 * torch.pi) - torch.pi
