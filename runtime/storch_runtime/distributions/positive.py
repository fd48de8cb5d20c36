"""Families over the positive half of the real line."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions import ends, inverse
from storch_runtime.distributions.base import sum_event
from storch_runtime.distributions.pathwise import dirichlet_path, gamma_path
from storch_runtime.distributions.unrounded import (
    Unrounded,
    log_gamma,
    log_gamma_path,
)
from storch_runtime.distributions.wrapped import Forwarded, Implicit, Noisy
from storch_runtime.remembered import logarithm_of

__all__ = [
    "Chi2",
    "Exponential",
    "FisherSnedecor",
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "InverseGamma",
    "LogNormal",
    "Pareto",
    "Weibull",
]


class Exponential(Noisy):
    """The noise is exponential with rate 1.

    Parameters: ``rate`` above 0: ``[...]``.
    Value: from 0, ``[...]``.
    """

    __slots__ = ()
    ends = ends.HALF

    make = torch.distributions.Exponential
    inverse = True

    rate = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """``value * rate``."""
        return value * self.rate

    def from_noise(self, noise: Tensor) -> Tensor:
        """``noise / rate``."""
        return noise / self.rate

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Exponential with rate 1."""
        return inverse.exponential(uniform)


class Scaled(Noisy):
    """``scale * noise``; the noise is the family's own with ``scale=1``."""

    __slots__ = ()
    ends = ends.HALF

    scale = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """``value / scale``."""
        return value / self.scale

    def from_noise(self, noise: Tensor) -> Tensor:
        """``scale * noise``."""
        return self.scale * noise


class HalfCauchy(Scaled):
    """The absolute value of a Cauchy variable around 0.

    Parameters: ``scale`` above 0: ``[...]``.
    Value: from 0, ``[...]``.
    """

    __slots__ = ()

    make = torch.distributions.HalfCauchy
    inverse = True

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """The absolute value of a Cauchy variable."""
        return torch.tan(0.5 * torch.pi * uniform)


class HalfNormal(Scaled):
    """The absolute value of a normal variable around 0.

    Parameters: ``scale`` above 0: ``[...]``.
    Value: from 0, ``[...]``.
    """

    __slots__ = ()

    make = torch.distributions.HalfNormal
    inverse = True

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """The absolute value of a normal variable."""
        return -inverse.normal((1 - uniform) / 2)


class LogNormal(Noisy):
    """The exponential of a normal variable; the noise is standard normal.

    Parameters: ``loc``, and ``scale`` above 0: ``[...]``.
    Value: above 0, ``[...]``.
    """

    __slots__ = ()
    ends = ends.OPEN_HALF

    make = torch.distributions.LogNormal
    inverse = True

    loc = Forwarded()
    scale = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """``(log value - loc) / scale``."""
        return (value.log() - self.loc) / self.scale

    def from_noise(self, noise: Tensor) -> Tensor:
        """``exp(loc + scale * noise)``."""
        return torch.exp(self.loc + self.scale * noise)

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard normal."""
        return inverse.normal(uniform)


class Pareto(Noisy):
    """A power law above ``scale``; the noise is exponential with rate 1.

    Parameters: ``scale`` and ``alpha``, above 0: ``[...]``.
    Value: from ``scale`` on, ``[...]``.
    """

    __slots__ = ()
    ends = ends.ABOVE_SCALE

    make = torch.distributions.Pareto
    inverse = True

    scale = Forwarded()
    alpha = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """``alpha log(value / scale)``."""
        return (value / self.scale).log() * self.alpha

    def from_noise(self, noise: Tensor) -> Tensor:
        """``scale exp(noise / alpha)``."""
        return self.scale * torch.exp(noise / self.alpha)

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Exponential with rate 1."""
        return inverse.exponential(uniform)


class Weibull(Noisy):
    """The time until something fails that ages; the noise is exponential with rate 1.

    Parameters: ``scale`` and ``concentration``, above 0: ``[...]``.
    Value: from 0, ``[...]``.
    """

    __slots__ = ()
    ends = ends.OPEN_HALF

    make = torch.distributions.Weibull
    inverse = True

    scale = Forwarded()
    concentration = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """``(value / scale) ** concentration``."""
        return (value / self.scale).pow(self.concentration)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``scale noise ** (1 / concentration)``."""
        return self.scale * noise.pow(1 / self.concentration)

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Exponential with rate 1."""
        return inverse.exponential(uniform)


class RatedGamma(Unrounded):
    """A standard gamma variable divided by a rate; a value knows its logarithm."""

    __slots__ = ()
    how = "logs"
    ends = ends.OPEN_HALF

    concentration = Forwarded()
    rate = Forwarded()

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        """The logarithm."""
        return log_gamma(self.concentration, shape) - self.rate.log()

    def rounded(self, source: Tensor) -> Tensor:
        """See `Unrounded.rounded`."""
        return source.exp().clamp(min=torch.finfo(source.dtype).tiny)

    def source_path(self, source: Tensor) -> Tensor:
        """See `Unrounded.source_path`."""
        log_rate = self.rate.log()
        return log_gamma_path(self.concentration, source + log_rate.detach()) - log_rate

    def path(self, value: Tensor) -> Tensor:
        """A standard gamma variable, divided by the rate."""
        rate = self.rate
        return gamma_path(self.concentration, value * rate.detach()) / rate

    def log_prob(self, value: Tensor) -> Tensor:
        """Of the logarithm that the value knows; else torch's."""
        logs = logarithm_of(value)
        if logs is None:
            return super().log_prob(value)
        concentration, rate = self.concentration, self.rate
        each = concentration * rate.log() + (concentration - 1) * logs - rate * value
        return sum_event(each - concentration.lgamma(), self.event)


class Gamma(RatedGamma):
    """By concentration and rate.

    Parameters: ``concentration`` and ``rate``, above 0: ``[...]``.
    Value: above 0, ``[...]``.
    Derivative of a sample: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498.
    """

    __slots__ = ()

    make = torch.distributions.Gamma


class Chi2(RatedGamma):
    """The sum of ``df`` squared standard normals.

    Parameters: ``df`` above 0: ``[...]``.
    Value: above 0, ``[...]``.
    Derivative of a sample: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498.
    """

    __slots__ = ()

    make = torch.distributions.Chi2

    df = Forwarded()


class InverseGamma(Unrounded):
    """One over a gamma variable; a value knows its logarithm.

    Parameters: ``concentration`` and ``rate``, above 0: ``[...]``.
    Value: above 0, ``[...]``.
    Derivative of a sample: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498.
    """

    __slots__ = ()
    how = "logs"
    ends = ends.OPEN_HALF

    make = torch.distributions.InverseGamma

    concentration = Forwarded()
    rate = Forwarded()

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        """The logarithm."""
        return self.rate.log() - log_gamma(self.concentration, shape)

    def rounded(self, source: Tensor) -> Tensor:
        """See `Unrounded.rounded`; as large as floats are where one over it is one, too."""
        tiny = torch.finfo(source.dtype).tiny
        return source.exp().clamp(tiny, 1 / tiny)

    def source_path(self, source: Tensor) -> Tensor:
        """See `Unrounded.source_path`."""
        log_rate = self.rate.log()
        return log_rate - log_gamma_path(self.concentration, log_rate.detach() - source)

    def path(self, value: Tensor) -> Tensor:
        """The rate, divided by a standard gamma variable."""
        rate = self.rate
        return rate / gamma_path(self.concentration, rate.detach() / value)

    def log_prob(self, value: Tensor) -> Tensor:
        """Of the logarithm that the value knows; else torch's."""
        logs = logarithm_of(value)
        if logs is None:
            return super().log_prob(value)
        concentration, rate = self.concentration, self.rate
        each = concentration * rate.log() - (concentration + 1) * logs - rate / value
        return sum_event(each - concentration.lgamma(), self.event)


class FisherSnedecor(Implicit):
    """``df1 value / (df1 value + df2)`` is Beta(df1/2, df2/2).

    Parameters: ``df1`` and ``df2``, above 0: ``[...]``.
    Value: above 0, ``[...]``.
    Derivative of a sample: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498.
    """

    __slots__ = ()
    ends = ends.OPEN_HALF

    make = torch.distributions.FisherSnedecor

    df1 = Forwarded()
    df2 = Forwarded()

    def path(self, value: Tensor) -> Tensor:
        """Through the Beta variable."""
        df1, df2 = self.df1, self.df2
        with torch.no_grad():
            ratio = df1 * value / df2
            beta = torch.stack((ratio / (1 + ratio), 1 / (1 + ratio)), -1)
        first, second = dirichlet_path(torch.stack((df1, df2), -1) / 2, beta).unbind(-1)
        return df2 * first / (df1 * second)
