"""The continuous Bernoulli distribution, by its natural parameter, smooth at a half."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from storch_runtime.distributions import ends
from storch_runtime.distributions.base import sum_event
from storch_runtime.distributions.pathwise import ByNoise
from storch_runtime.distributions.written import Written, uniform_noise

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(ByNoise, Written):
    """Density ``exp(logits x - A(logits))`` on [0, 1]; the noise is uniform, through the quantiles.

    Torch's quantiles carry no gradient where ``probs`` is near a half; these do.

    Parameters: ``probs`` within (0, 1), or ``logits``: ``[...]``.
    Value: from 0 to 1, ``[...]``.
    Loaiza-Ganem and Cunningham 2019, arXiv:1907.06845.
    """

    __slots__ = ()
    ends = ends.INTERVAL

    inverse = True

    def as_torch(self) -> torch.distributions.ContinuousBernoulli:
        """Torch's distribution."""
        return torch.distributions.ContinuousBernoulli(logits=self.logits, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        """``logits value - A(logits)``."""
        logits = self.logits
        return sum_event(logits * value - _normalizer(logits), self.event)

    def draw_noise(self, shape: tuple[int, ...]) -> Tensor:
        """Uniform on (0, 1)."""
        return uniform_noise(shape, self.like)

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Uniform itself."""
        return uniform

    def from_noise(self, noise: Tensor) -> Tensor:
        """``log(1 + u (exp(logits) - 1))/logits``."""
        logits, u = self.logits, noise
        near, safe = _near_zero(logits)
        v = u * (1 - u)
        series = u + v * logits * (0.5 + logits * ((1 - 2 * u) / 6 + logits * (1 - 6 * v) / 24))
        rest = torch.log1p(-u)
        exact = (rest - logsigmoid(rest - u.log() - safe)) / safe
        return torch.where(near, series, exact)

    def noise(self, value: Tensor) -> Tensor:
        """``(exp(logits value) - 1)/(exp(logits) - 1)``."""
        near, safe = _near_zero(self.logits)
        size = safe.abs()
        rest = torch.where(safe > 0, 1 - value, value)
        low = torch.exp(-size * rest) - torch.exp(-size)
        share = low / -torch.expm1(-size)
        exact = torch.where(safe > 0, share, 1 - share)
        slope = 0.5 * self.logits * value * (1 - value)
        return torch.where(near, value - slope, exact)

    def entropy(self) -> Tensor:
        """``A(logits) - logits mean``."""
        return sum_event(_normalizer(self.logits) - self.logits * self.mean, self.event)

    def kl_divergence(self, other: ContinuousBernoulli) -> Tensor:
        """The Bregman divergence of A, ``[*plates]``."""
        a, b = self.logits, other.logits
        each = (a - b) * self.mean - _normalizer(a) + _normalizer(b)
        return sum_event(each, self.event)

    @property
    def logits(self) -> Tensor:
        """The natural parameter."""
        return self.log_odds()

    @property
    def probs(self) -> Tensor:
        """The sigmoid of the natural parameter, which is not the mean."""
        return self.logits.sigmoid()

    @property
    def mean(self) -> Tensor:
        """``A'``."""
        logits = self.logits
        near, safe = _near_zero(logits)
        exact = torch.where(safe > 0, 1.0, 0.0) + _tail(safe) - 1 / safe
        return torch.where(near, 0.5 + logits * (1 / 12 - logits.square() / 720), exact)

    def peak(self) -> Tensor:
        """The end at which the density is higher; 1 where it is the same everywhere."""
        return (self.logits >= 0).to(self.logits)

    @property
    def variance(self) -> Tensor:
        """``A''``."""
        logits = self.logits
        near, safe = _near_zero(logits)
        square = logits.square()
        size = safe.abs()
        exact = 1 / safe.square() - torch.exp(-size) / torch.expm1(-size).square()
        return torch.where(near, 1 / 12 - square * (1 / 240 - square / 6048), exact)

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()


def _normalizer(logits: Tensor) -> Tensor:
    """``A = log((exp(logits) - 1)/logits)``."""
    near, safe = _near_zero(logits)
    size = safe.abs()
    square = logits.square()
    series = logits / 2 + square * (1 / 24 - square / 2880)
    exact = safe.relu() + torch.log(-torch.expm1(-size)) - size.log()
    return torch.where(near, series, exact)


def _tail(logits: Tensor) -> Tensor:
    """``sign / (exp|logits| - 1)``: what the mean has beyond its step."""
    size = logits.abs()
    return logits.sign() * torch.exp(-size) / -torch.expm1(-size)


def _near_zero(logits: Tensor) -> tuple[Tensor, Tensor]:
    near = logits.abs() < (2e-2 if logits.dtype == torch.float64 else 2e-1)
    return near, torch.where(near, 1.0, logits)
