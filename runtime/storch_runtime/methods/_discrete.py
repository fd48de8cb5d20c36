"""What the methods share that let a gradient through discrete values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from storch_runtime.distributions import OneHotCategorical
from storch_runtime.distributions.base import attach
from storch_runtime.draw import Draw
from storch_runtime.method import Families, Method
from storch_runtime.precision import impossible

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution


class Relaxation(Method):
    """Smooth values in the place of discrete ones, with a temperature that can be annealed."""

    steps: Tensor

    def __init__(
        self,
        n: int = 1,
        *,
        temperature: float = 1.0,
        straight_through: bool = False,
        min_temperature: float = 1e-4,
        annealing_rate: float = 0.0,
    ) -> None:
        super().__init__(n)
        self.temperature = temperature
        self.straight_through = straight_through
        self.min_temperature = min_temperature
        self.annealing_rate = annealing_rate
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """Refused: a relaxed value does not tell the noise that it came from."""
        raise ValueError("values cannot be given to a relaxation: it has nothing to replay")

    def gradient_function(self, draw: Draw) -> None:
        """None: the gradient goes through the value."""

    def current_temperature(self) -> Tensor | float:
        """The temperature of this forward, a scalar."""
        if self.annealing_rate == 0:
            return max(self.min_temperature, self.temperature)
        keep = 1 - self.annealing_rate
        return (self.temperature * keep**self.steps).clamp(min=self.min_temperature)

    def advance(self) -> None:
        """See `Method.advance`: the next training forward has the next temperature."""
        if self.training and self.annealing_rate != 0:
            self.steps += 1


class StraightThrough(Method):
    """Discrete values drawn from the distribution itself, which carry the gradient of `path`."""

    order = 1
    families: ClassVar[Families] = (OneHotCategorical,)

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`; the noise is that of the distribution's samples."""
        value = distribution.sample(n, noise=noise) if outcome is None else outcome
        return Draw(attach(value, self.path(distribution, value, **values)), distribution)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`; the value is all the noise there is, so nothing is lost."""
        path = self.path(distribution, value, **values)
        return Draw(attach(value, path), distribution, replayed=True)

    def path(self, distribution: Distribution, value: Tensor, **values: Any) -> Tensor:
        """A tensor whose derivative ``value`` is to have; its own value does not matter."""
        raise TypeError(f"`{type(self).__name__}` does not say what its gradient is")

    def gradient_function(self, draw: Draw) -> None:
        """None: the gradient goes through the value."""


def finite(logits: Tensor) -> Tensor:
    """``logits``, with large numbers for infinities."""
    least = impossible(logits.dtype)
    return logits.clamp(least, -least)


def heat(temperature: Tensor | float) -> Tensor | float:
    """A temperature without gradient: values that are discrete do not depend on it."""
    return temperature.detach() if isinstance(temperature, Tensor) else temperature


def exponential(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Standard exponential noise; minus its logarithm is Gumbel noise."""
    return like.new_empty(shape).exponential_()


def gumbel(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Standard Gumbel noise."""
    return -exponential(like, shape).log()


def one_hot(scores: Tensor) -> Tensor:
    """1 at the largest of the scores along the last dimension."""
    return torch.zeros_like(scores).scatter_(-1, scores.argmax(-1, keepdim=True), 1.0)
