"""Families over the unit interval."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from storch_runtime.distributions import ends, inverse
from storch_runtime.distributions.base import sum_event
from storch_runtime.distributions.pathwise import dirichlet_path
from storch_runtime.distributions.unrounded import (
    Unrounded,
    dirichlet_slope,
    log_gamma,
)
from storch_runtime.distributions.wrapped import Forwarded, Single
from storch_runtime.remembered import source_of

__all__ = ["Beta", "Kumaraswamy"]


class Beta(Unrounded):
    """The first of two Dirichlet coordinates; a value knows its log-odds.

    Parameters: ``concentration1`` and ``concentration0``, above 0: ``[...]``.
    Value: within (0, 1), ``[...]``.
    Derivative of a sample: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498.
    """

    __slots__ = ()
    how = "odds"
    ends = ends.OPEN_INTERVAL

    make = torch.distributions.Beta

    concentration1 = Forwarded()
    concentration0 = Forwarded()

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        """The log-odds."""
        return log_gamma(self.concentration1, shape) - log_gamma(self.concentration0, shape)

    def rounded(self, source: Tensor) -> Tensor:
        """See `Unrounded.rounded`."""
        info = torch.finfo(source.dtype)
        return source.sigmoid().clamp(info.tiny, 1 - info.eps)

    def source_path(self, source: Tensor) -> Tensor:
        """See `Unrounded.source_path`."""
        both = self._both()
        logs = torch.stack((logsigmoid(source), logsigmoid(-source)), -1)
        change = (both - both.detach()) * dirichlet_slope(both, logs)
        return source + change[..., 0] - change[..., 1]

    def path(self, value: Tensor) -> Tensor:
        """Through the Dirichlet variable."""
        return dirichlet_path(self._both(), torch.stack((value, 1 - value), -1))[..., 0]

    def _both(self) -> Tensor:
        return torch.stack((self.concentration1, self.concentration0), -1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Of the log-odds that the value knows; else torch's."""
        odds = source_of(value, "odds")
        if odds is None:
            return super().log_prob(value)
        one, zero = self.concentration1, self.concentration0
        each = (one - 1) * logsigmoid(odds) + (zero - 1) * logsigmoid(-odds)
        scale = (one + zero).lgamma() - one.lgamma() - zero.lgamma()
        return sum_event(each + scale, self.event)


class Kumaraswamy(Single):
    """``(1 - exp(-noise/b)) ** (1/a)``; the noise is exponential with rate 1.

    Parameters: ``concentration1`` and ``concentration0``, above 0: ``[...]``.
    Value: within (0, 1), ``[...]``.
    Kumaraswamy 1980, Journal of Hydrology 46.
    """

    __slots__ = ()
    ends = ends.OPEN_INTERVAL

    make = torch.distributions.Kumaraswamy
    inverse = True

    concentration1 = Forwarded()
    concentration0 = Forwarded()

    def noise(self, value: Tensor) -> Tensor:
        """``-b log(1 - value ** a)``."""
        return -self.concentration0 * torch.log1p(-value.pow(self.concentration1))

    def from_noise(self, noise: Tensor) -> Tensor:
        """``(1 - exp(-noise/b)) ** (1/a)``."""
        return (-torch.expm1(-noise / self.concentration0)).pow(1 / self.concentration1)

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Exponential with rate 1."""
        return inverse.exponential(uniform)
