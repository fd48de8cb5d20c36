"""Families over the unit interval."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions import ends, inverse
from storch_runtime.distributions.pathwise import dirichlet_path
from storch_runtime.distributions.wrapped import Forwarded, Implicit, Single

__all__ = ["Beta", "Kumaraswamy"]


class Beta(Implicit):
    """The first of two Dirichlet coordinates.

    Parameters: ``concentration1`` and ``concentration0``, above 0: ``[...]``.
    Value: within (0, 1), ``[...]``.
    Derivative of a sample: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498.
    """

    __slots__ = ()
    ends = ends.OPEN_INTERVAL
    hidden = ("concentration1", "concentration0")

    make = torch.distributions.Beta

    concentration1 = Forwarded()
    concentration0 = Forwarded()

    def path(self, value: Tensor) -> Tensor:
        """Through the Dirichlet variable."""
        both = torch.stack((self.concentration1, self.concentration0), -1)
        return dirichlet_path(both, torch.stack((value, 1 - value), -1))[..., 0]


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
