"""What REBAR and RELAX share: a relaxed value, and one drawn again given the discrete one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, softplus

from storch_runtime.distributions import Bernoulli, Categorical, OneHotCategorical
from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.method import Families
from storch_runtime.methods._critics import Criticized, Variate
from storch_runtime.methods._discrete import exponential, finite
from storch_runtime.methods._inner import (
    injected,
    leaf_of,
    minus_baseline,
    slope,
    spread_over,
    squares,
)
from storch_runtime.methods.gumbel_rao import conditional_noise

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

Relaxable = Bernoulli | OneHotCategorical | Categorical


class Relaxed(Criticized):
    """Score function minus ``η c(z̃)``, whose expectation comes back along z and z̃.

    ``draw.points`` are z and z̃ ``[2, n, *plates, *event]``, without gradient: z is drawn given the
    value like z̃, which has the same law as drawing it first. Their derivatives in the logits are
    1 and `conditional_slope`.
    """

    families: ClassVar[Families] = (Bernoulli, OneHotCategorical)

    def __init__(
        self,
        n: int = 1,
        *,
        temperature: float = 0.5,
        eta: float = 1.0,
        learn: bool = True,
    ) -> None:
        super().__init__(n)
        self.learn = learn
        self.temperature = temperature
        self.eta: Tensor | float = eta
        if learn:
            self.eta = nn.Parameter(torch.tensor(float(eta)))
            self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)))

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
        return _with_points(super().propose(distribution, n, noise=noise, outcome=outcome))

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`; the relaxed values are drawn given the value."""
        return _with_points(super().replay(distribution, value, n))

    def current_temperature(self) -> Tensor | float:
        """The temperature, learned or not: a scalar."""
        return self.log_temperature.exp() if self.learn else self.temperature

    def learns(self, draw: Drawn) -> bool:
        """See `SelfTrained.learns`: with the flag ``learn`` only."""
        return self.learn and super().learns(draw)

    def surface(self, relaxed: Tensor, downstream: Downstream) -> Tensor:
        """The cost ``c`` ``[2, n, *plates]`` of relaxed values ``[2, n, *plates, *event]``."""
        raise TypeError(f"`{type(self).__name__}` does not say what its costs are")

    def variate(self, draw: Drawn, downstream: Downstream) -> Variate:
        """See `Criticized.variate`."""
        law = draw.distribution
        assert isinstance(law, Relaxable) and draw.points is not None
        leaf = leaf_of(draw.points)
        learns, squared = self.learns(draw), None
        costs = self.surface(relax(law, leaf, self.current_temperature()), downstream)
        slopes = slope(costs, leaf, again=learns)
        back = slopes[0] - conditional_slope(law, draw.value, draw.points[1]) * slopes[1]
        coefficient, baseline = self.eta * back, self.eta * costs[1]
        if learns:
            estimate = logit_estimate(draw, downstream.cost - baseline, coefficient)
            squared = squares([estimate], draw.log_prob.dim())
        path = injected(coefficient, finite(law.logits), event_dims(law))
        return Variate(minus_baseline(draw, baseline) + path, squared)


def event_dims(law: Relaxable) -> int:
    """How many dimensions a relaxed value has: the classes are one of them."""
    return law.event if isinstance(law, Bernoulli) else law.event + 1


def bits(law: Relaxable, value: Tensor) -> Tensor:
    """The value as zeros and ones."""
    if not isinstance(law, Categorical):
        return value
    return one_hot(value, law.outcomes).to(law.probs.dtype)


def relax(law: Relaxable, points: Tensor, temperature: Tensor | float) -> Tensor:
    """Values between the discrete ones."""
    scaled = points / temperature
    return scaled.sigmoid() if isinstance(law, Bernoulli) else scaled.softmax(-1)


def conditional_points(law: Relaxable, value: Tensor, count: int) -> Tensor:
    """``[count, *value]``: logistic (Gumbel) noise plus logits, given the value it rounds to."""
    logits = finite(law.logits.detach())
    chosen = bits(law, value.detach())
    if not isinstance(law, Bernoulli):
        return logits + conditional_noise(logits, chosen, count)
    sign = 2 * chosen - 1
    clock = exponential(logits, (count, *chosen.shape))
    return sign * (softplus(sign * logits + (-torch.expm1(-clock)).log()) + clock)


def conditional_slope(law: Relaxable, value: Tensor, point: Tensor) -> Tensor:
    """``∂z̃/∂logits`` with the value and the noise of z̃ held fixed.

    Of class i it is ``1 - exp(z̃_i - max z̃)`` in the normalised logits, of a bit b
    ``P(b) (1 - exp(-|z̃|))``: bounded, whatever the logits are.
    """
    if not isinstance(law, Bernoulli):
        return -torch.expm1(point - point.amax(-1, keepdim=True))
    chance = (finite(law.logits.detach()) * (2 * value - 1)).sigmoid()
    return -chance * torch.expm1(-point.abs())


def logit_estimate(draw: Drawn, signal: Tensor, coefficient: Tensor) -> Tensor:
    """``signal · ∂l/∂logits + coefficient``, the gradient estimate of each element."""
    law = draw.distribution
    assert isinstance(law, Relaxable)
    probs = law.probs.detach()
    if not isinstance(law, Bernoulli):
        coefficient = coefficient - probs * coefficient.sum(-1, keepdim=True)
    score = bits(law, draw.value.detach()) - probs
    return spread_over(signal, event_dims(law)) * score + coefficient


def _with_points(draw: Draw) -> Draw:
    law = draw.distribution
    assert isinstance(law, Relaxable)
    draw.points = conditional_points(law, draw.value, 2)
    return draw
