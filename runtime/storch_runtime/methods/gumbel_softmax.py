"""The concrete relaxation: a smooth sample with a temperature.

Formula: ``1/n Σ_k ∇ f(softmax((φ + G_k) / τ))``, G Gumbel noise; for a Bernoulli
``sigmoid((η + L_k) / τ)``, L logistic noise. Straight-through: the discrete value forward, the
relaxed derivative backward. Annealed: after t training forwards
``τ = max(min_temperature, temperature · (1 - annealing_rate)^t)``.
Unbiased: no (bias of order τ; exact for the relaxed objective).
Needs: Bernoulli or OneHotCategorical; every path to every cost differentiable.
Shapes: value ``[n, *plates, *event]``.
Reference: Jang et al. 2017, arXiv:1611.01144; Maddison et al. 2017, arXiv:1611.00712.
Certified for: the gradient of its own relaxed objective, any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.distributions import Bernoulli, OneHotCategorical
from storch_runtime.draw import Draw
from storch_runtime.method import Method

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["GumbelSoftmax"]


class GumbelSoftmax(Method):
    """The relaxation; ``temperature`` may also come with each draw, as a value of the story."""

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

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        temperature: Tensor | float | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`; the noise is Gumbel (Bernoulli: logistic), in the value's shape."""
        tau = self._next_temperature() if temperature is None else temperature
        match distribution:
            case Bernoulli():
                logits = distribution.logits
                noise = _logistic(logits, n) if noise is None else noise
                value = torch.sigmoid((logits + noise) / tau)
                hard = (value > 0.5).to(value.dtype) if self.straight_through else None
            case OneHotCategorical():
                logits = distribution.logits
                noise = _gumbel(logits, n) if noise is None else noise
                value = torch.softmax((logits + noise) / tau, -1)
                hard = _one_hot(value) if self.straight_through else None
            case _:
                raise ValueError(
                    f"`GumbelSoftmax` relaxes `Bernoulli` and `OneHotCategorical`, "
                    f"not `{type(distribution).__name__}`"
                )
        return Draw(value if hard is None else hard + (value - value.detach()), distribution)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """Refused: a relaxed value does not tell the noise that it came from."""
        raise ValueError("values cannot be given to a relaxation: it has nothing to replay")

    def gradient_function(self, draw: Draw) -> None:
        """None: the gradient goes through the value."""

    def current_temperature(self) -> Tensor | float:
        """The temperature of the next training forward."""
        if self.annealing_rate == 0:
            return max(self.min_temperature, self.temperature)
        keep = 1 - self.annealing_rate
        return (self.temperature * keep**self.steps).clamp(min=self.min_temperature)

    def _next_temperature(self) -> Tensor | float:
        """The temperature of this forward; a training forward moves on to the next."""
        tau = self.current_temperature()
        if self.training and self.annealing_rate != 0:
            self.steps += 1
        return tau


def _gumbel(logits: Tensor, n: int | None) -> Tensor:
    return -_exponential(logits, n).log()


def _logistic(logits: Tensor, n: int | None) -> Tensor:
    """The difference of two Gumbel draws."""
    return (_exponential(logits, n) / _exponential(logits, n)).log()


def _exponential(logits: Tensor, n: int | None) -> Tensor:
    shape = logits.shape if n is None else (n, *logits.shape)
    return logits.new_empty(shape).exponential_()


def _one_hot(value: Tensor) -> Tensor:
    return torch.zeros_like(value).scatter_(-1, value.argmax(-1, keepdim=True), 1.0)
