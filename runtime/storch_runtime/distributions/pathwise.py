"""How a sample carries the derivatives of its distribution: through its noise, or implicitly."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions.base import Distribution, attach, drawn


class ByNoise(Distribution):
    """A sample is a function of the parameters and of noise that does not depend on them."""

    __slots__ = ()

    pathwise = True
    replayable = True

    def noise(self, value: Tensor) -> Tensor:
        """The noise that gives ``value``: ``[n, *noise_shape]``."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def from_noise(self, noise: Tensor) -> Tensor:
        """The value ``[n, *plates, *event]`` that the noise gives."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def draw_noise(self, shape: tuple[int, ...]) -> Tensor:
        """Fresh noise, of a ``shape`` that ends in ``[*noise_shape]``."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """From the noise, drawn where it is not given."""
        if noise is None:
            noise = self.draw_noise(drawn(n, self.batch_shape + self.own_event))
        return self.from_noise(noise)

    def replay(self, value: Tensor) -> Tensor:
        """``value`` with the derivatives of ``from_noise``."""
        with torch.no_grad():
            noise = self.noise(value)
        return attach(value, self.from_noise(noise))


class ByImplicit(Distribution):
    """A sample's derivative is ``-∂F/∂θ / p``, of first order only.

    ``path`` is anything that has this value and this derivative.
    """

    __slots__ = ()

    pathwise = True
    pathwise_order = 1
    replayable = True

    def path(self, value: Tensor) -> Tensor:
        """``value`` ``[n, *plates, *event]`` up to rounding, with its derivative."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """A sample with its implicit derivative; there is no simple noise to take."""
        if noise is not None:
            raise TypeError(f"{type(self).__name__} cannot be told its noise")
        return self.replay(self.sample(n))

    def replay(self, value: Tensor) -> Tensor:
        """``value`` with its implicit derivative."""
        return attach(value, self.path(value.detach()))


def gamma_path(concentration: Tensor, value: Tensor) -> Tensor:
    """A standard gamma ``value`` with its derivative with respect to the concentration."""
    fixed = concentration.detach().expand_as(value)
    slope = torch._standard_gamma_grad(fixed, value)
    return value + (concentration - fixed) * slope


def dirichlet_path(concentration: Tensor, value: Tensor) -> Tensor:
    """A Dirichlet ``value`` with its derivative with respect to the concentration."""
    fixed = concentration.detach().expand_as(value).contiguous()
    total = fixed.sum(-1, keepdim=True).expand_as(value)
    slope = torch._dirichlet_grad(value.contiguous(), fixed, total)
    change = (concentration - fixed) * slope
    return value + change - value * change.sum(-1, keepdim=True)
