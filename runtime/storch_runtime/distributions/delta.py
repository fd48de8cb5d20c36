"""A point: a distribution with a single value."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions.base import sum_event
from storch_runtime.distributions.pathwise import ByNoise
from storch_runtime.distributions.written import Written

__all__ = ["Delta"]


class Delta(ByNoise, Written):
    """A point: all of its draws are ``v``, and it has no density.

    Parameters: ``v`` ``[*plates, *batch event]``.
    Value: ``[*plates, *batch event]``, floats.
    """

    __slots__ = ()

    @property
    def v(self) -> Tensor:
        """The point."""
        return self.full("v")

    @property
    def mean(self) -> Tensor:
        """The point."""
        return self.v

    @property
    def mode(self) -> Tensor:
        """The point."""
        return self.v

    def log_prob(self, value: Tensor) -> Tensor:
        """0 at the point and minus infinity elsewhere, with respect to its own measure."""
        each = torch.zeros_like(value).masked_fill(value != self.v, -torch.inf)
        return sum_event(each, self.event)

    def draw_noise(self, shape: tuple[int, ...]) -> Tensor:
        """There is none: zeros."""
        return self.like.new_zeros(shape)

    def noise(self, value: Tensor) -> Tensor:
        """Zeros."""
        return torch.zeros_like(value)

    def from_noise(self, noise: Tensor) -> Tensor:
        """The point, once for each number of noise."""
        return self.v.expand(noise.shape)
