"""The concrete relaxation: a smooth sample with a temperature.

Formula: ``1/n Σ_k ∇ f(softmax((φ + G_k) / τ))``, G Gumbel noise; for a Bernoulli
``sigmoid((η + L_k) / τ)``, L logistic noise. Straight-through: the discrete value forward, the
relaxed derivative backward. Annealed: after t training forwards
``τ = max(min_temperature, temperature · (1 - annealing_rate)^t)``.
Unbiased: no (bias of order τ; exact for the relaxed objective).
Needs: Bernoulli or OneHotCategorical; every path to every cost differentiable.
Shapes: value ``[n, *plates, *event]``.
Raises: ValueError where values are given: they do not tell their noise.
Reference: Jang et al. 2017, arXiv:1611.01144; Maddison et al. 2017, arXiv:1611.00712.
Certified for: the gradient of its own relaxed objective, any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.distributions import Bernoulli, OneHotCategorical
from storch_runtime.distributions.base import attach, drawn
from storch_runtime.draw import Draw
from storch_runtime.methods._discrete import Relaxation, exponential, gumbel, one_hot

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["GumbelSoftmax"]


class GumbelSoftmax(Relaxation):
    """The relaxation; ``temperature`` may also come with each draw, as a value of the story.

    Formula, shapes, errors and source: `storch_runtime.methods.gumbel_softmax`.
    """

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
        tau = self.current_temperature() if temperature is None else temperature
        match distribution:
            case Bernoulli():
                logits = distribution.logits
                noise = _logistic(logits, n) if noise is None else noise
                value = torch.sigmoid((logits + noise) / tau)
                hard = (value > 0.5).to(value.dtype) if self.straight_through else None
            case OneHotCategorical():
                logits = distribution.logits
                noise = gumbel(logits, drawn(n, logits.shape)) if noise is None else noise
                value = torch.softmax((logits + noise) / tau, -1)
                hard = one_hot(value) if self.straight_through else None
            case _:
                raise ValueError(
                    f"`GumbelSoftmax` relaxes `Bernoulli` and `OneHotCategorical`, "
                    f"not `{type(distribution).__name__}`"
                )
        return Draw(value if hard is None else attach(hard, value), distribution)


def _logistic(logits: Tensor, n: int | None) -> Tensor:
    """The difference of two Gumbel draws."""
    shape = drawn(n, logits.shape)
    return (exponential(logits, shape) / exponential(logits, shape)).log()
