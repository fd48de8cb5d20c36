"""The generalized Pareto distribution, smooth where its tail becomes exponential."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions import inverse
from storch_runtime.distributions.base import sum_event
from storch_runtime.distributions.wrapped import Forwarded, Noisy
from storch_runtime.distributions.written import exponential_noise

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Noisy):
    """``loc + scale (exp(k noise) - 1)/k`` with concentration k; the noise is exponential.

    Parameters: ``loc``, ``scale`` above 0, ``concentration``: ``[...]``.
    Value: from ``loc`` on, up to ``loc - scale/k`` where k is negative, ``[...]``.
    Pickands 1975, Annals of Statistics 3.
    """

    __slots__ = ()

    make = torch.distributions.GeneralizedPareto
    inverse = True

    loc = Forwarded()
    scale = Forwarded()
    concentration = Forwarded()

    def peak(self) -> Tensor:
        """``loc``; below a concentration of -1 the density has no bound."""
        return self.loc.masked_fill(self.concentration < -1, torch.nan)

    def log_prob(self, value: Tensor) -> Tensor:
        """``-log scale - (k + 1) noise``; minus infinity outside the support."""
        z, k = (value - self.loc) / self.scale, self.concentration
        inside = (z >= 0) & (k * z > -1)
        noise = _noise(k, torch.where(inside, z, 0.0))
        density = -self.scale.log() - (k + 1) * noise
        return sum_event(density.masked_fill(~inside, -torch.inf), self.event)

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """Through the noise, drawn where it is not given."""
        if noise is None:
            shape = self.batch_shape if n is None else (n, *self.batch_shape)
            noise = exponential_noise(shape, self.scale)
        return self.from_noise(noise)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """As ``rsample``, without gradient."""
        with torch.no_grad():
            return self.rsample(n, noise=noise)

    def noise(self, value: Tensor) -> Tensor:
        """``log(1 + k z)/k`` with ``z = (value - loc)/scale``."""
        return _noise(self.concentration, (value - self.loc) / self.scale)

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Exponential with rate 1."""
        return inverse.exponential(uniform)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``loc + scale (exp(k noise) - 1)/k``."""
        k = self.concentration
        x = k * noise
        near, safe = _near_zero(x, k)
        series = noise * (1 + x / 2 * (1 + x / 3 * (1 + x / 4)))
        z = torch.where(near, series, torch.expm1(safe * noise) / safe)
        return self.loc + self.scale * z


def _noise(k: Tensor, z: Tensor) -> Tensor:
    x = k * z
    near, safe = _near_zero(x, k)
    series = z * (1 - x * (1 / 2 - x * (1 / 3 - x / 4)))
    inner = torch.where(near, 0.0, safe * z)  # outside the support the exact form has no value
    return torch.where(near, series, torch.log1p(inner) / safe)


def _near_zero(x: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    near = x.abs() < (1e-3 if x.dtype == torch.float64 else 1e-2)
    return near, torch.where(near, 1.0, k)
