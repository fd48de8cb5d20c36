"""Measure-valued (weak) derivatives: the difference of the costs of two coupled values.

Formula: ``1/n Σ_k Σ_d c_d (f(x_k with x_d = x_d⁺) - f(x_k with x_d = x_d⁻))``, one pair for each
scalar parameter and coordinate d:

* Normal mean ``c = 1/(σ√2π)``, ``x± = μ ± σW``, W Weibull(√2, 2); scale ``c = 1/σ``,
  ``x⁺ = μ + σM``, ``x⁻ = μ + σUM``, M double-sided Maxwell, U uniform, the same M.
* Poisson rate ``c = 1``, ``x⁺ = x_d + 1``, ``x⁻ = x_d``.
* Exponential rate λ ``c = 1/λ``, ``x⁺ = x_d``, ``x⁻ = x_d + E/λ``, E exponential: Erlang(2, λ).
* Gamma rate β ``c = α/β``, ``x⁺ = x_d``, ``x⁻ = x_d + E/β``: Gamma(α + 1, β). Its concentration α
  has no such pair that could be drawn, and may carry no gradient.
* Bernoulli, Categorical and OneHotCategorical: ``Σ_c ∇ p_d(c) f(x_d = c)``, all outcomes at once,
  which is `LocalExpectation`.

Unbiased: yes.
Needs: one of these families; the value of the cost at the pairs, no derivative of it. Refused where
a plate of the sample is reduced: coordinates are changed one at a time.
Shapes: value ``[n, *plates, *event]``, control variate ``[n, *plates]``.
Raises: ValueError where the concentration of a `Gamma` carries a gradient.
Reference: Heidergott and Vázquez-Abad 2008; Mohamed et al. 2020, arXiv:1906.10652.
Certified for: first order; finite families exactly, Poisson by its series, the others within five
standard errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from storch_runtime.carrying import carries_gradient
from storch_runtime.distributions import Bernoulli, Categorical, OneHotCategorical
from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.methods._control import injected
from storch_runtime.methods._local import swapped_everywhere
from storch_runtime.methods._weak import PAIRS, Pair

if TYPE_CHECKING:
    pass

__all__ = ["MeasureValued"]

_FINITE = (Bernoulli, Categorical, OneHotCategorical)


class MeasureValued(Method):
    """Draw a pair of values for each parameter and coordinate, and look at both.

    Formula, shapes, errors and source: `storch_runtime.methods.measure_valued`.
    """

    families = (*_FINITE, *PAIRS)
    order = 1

    def gradient_function(self, draw: Draw) -> None:
        """None: the whole gradient is in the control variate."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`; the pairs are drawn here, whatever the value is."""
        law = draw.distribution
        if isinstance(law, _FINITE):
            return swapped_everywhere(draw, downstream)
        pairs = [p for p in PAIRS[type(law)](law, draw.value) if carries_gradient(p.parameter)]
        if not pairs:
            return torch.zeros_like(downstream.cost)
        gains = _gains(pairs, draw, downstream)
        terms = [
            injected(pair.scale * gain, pair.parameter, law.event)
            for pair, gain in zip(pairs, gains, strict=True)
        ]
        return torch.stack(terms).sum(0)


def _gains(pairs: list[Pair], draw: Drawn, downstream: Downstream) -> list[Tensor]:
    """``f(plus) - f(minus)`` ``[n, *plates, *event]`` of every pair, in one evaluation."""
    ends = [end for pair in pairs for end in (pair.plus, pair.minus)]
    event = draw.distribution.event_shape
    points = [_replaced(draw.value, end, event) for end in ends if end is not None]
    costs = iter(torch.split(downstream.costs_at(torch.cat(points)), event.numel()))
    drawn = downstream.cost.unsqueeze(0)
    found = [drawn if end is None else next(costs) for end in ends]
    gains = zip(found[::2], found[1::2], strict=True)
    return [_by_coordinate(plus - minus, draw.value) for plus, minus in gains]


def _by_coordinate(gain: Tensor, value: Tensor) -> Tensor:
    """``[D, n, *plates]`` as ``[n, *plates, *event]``."""
    return gain.movedim(0, -1).reshape(value.shape)


def _replaced(value: Tensor, by: Tensor, event: torch.Size) -> Tensor:
    """``[D, n, *plates, *event]``: every coordinate in turn as ``by`` has it."""
    places = torch.eye(event.numel(), dtype=torch.bool, device=value.device)
    places = places.reshape(event.numel(), *(1,) * (value.dim() - len(event)), *event)
    return torch.where(places, by, value)
