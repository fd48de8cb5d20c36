"""What ARM and DisARM share: pairs of Bernoulli vectors that are antithetic."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.distributions import Bernoulli
from storch_runtime.distributions.base import drawn
from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.methods._control import injected, widened
from storch_runtime.methods._discrete import finite
from storch_runtime.samplers.sampler import Outcome

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution


class AntitheticPairs(Method):
    """Draws ``1[u < p]``, and looks at the partner ``1[1 - u < p]``.

    The uniform variable of the partner is kept as the draw's ``points`` ``[n, *plates, *event]``.
    """

    families = (Bernoulli,)
    order = 1

    def factor(self, draw: Drawn, partner: Tensor, logits: Tensor) -> Tensor:
        """What half the difference of the two costs is multiplied with in each coordinate."""
        raise TypeError(f"`{type(self).__name__}` does not say what its gradient is")

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`; noise and outcome are the uniform variables of the value."""
        uniform = noise if outcome is None else outcome
        if uniform is None:
            uniform = _uniform(distribution, drawn(n, distribution.batch_shape))
        value = distribution.sample(n, noise=uniform)
        return Draw(value, distribution, points=1 - uniform)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`; the partner is drawn given the value."""
        assert isinstance(distribution, Bernoulli)
        logits = distribution.logits.detach()
        share = _uniform(distribution, tuple(value.shape))
        other = torch.where(value > 0, 1 - share * logits.sigmoid(), share * (-logits).sigmoid())
        return Draw(value, distribution, replayed=True, points=other)

    def gradient_function(self, draw: Draw) -> None:
        """None: the whole gradient is in the control variate."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`: one evaluation at the partners."""
        law = draw.distribution
        assert isinstance(law, Bernoulli) and draw.points is not None
        partner = law.sample(noise=draw.points)
        gain = downstream.cost - downstream.costs_at(partner.unsqueeze(0)).squeeze(0)
        logits = finite(law.logits)
        factor = self.factor(draw, partner, logits.detach())
        return injected(widened(gain / 2, law.event) * factor, logits, law.event)

    def outcomes(
        self, distribution: Distribution, *, each: bool = False, **values: Any
    ) -> list[Outcome]:
        """See `Method.outcomes`: both values are constant on three pieces of the unit interval.

        A piece is told by its middle, which is also the mean of its ``u``.
        """
        assert isinstance(distribution, Bernoulli)
        shape = drawn(None if each else self.n, distribution.batch_shape)
        edge = (-distribution.logits.detach().abs()).sigmoid()
        chances = torch.stack((edge, 1 - 2 * edge, edge))
        middles = torch.stack((edge / 2, torch.full_like(edge, 0.5), 1 - edge / 2))
        flat = [table.expand(3, *shape).reshape(3, -1) for table in _beside(chances, middles, each)]
        places, listed = torch.arange(prod(shape)), []
        for choice in product(range(3), repeat=prod(shape)):
            index = torch.tensor(choice, dtype=torch.long)
            chance = flat[0].double()[index, places].prod().item()
            listed.append((flat[1][index, places].reshape(shape), chance))
        return listed


def _beside(chances: Tensor, middles: Tensor, each: bool) -> tuple[Tensor, Tensor]:
    """Both tables, with a plate of their own behind the pieces unless there is none."""
    return (chances, middles) if each else (chances.unsqueeze(1), middles.unsqueeze(1))


def _uniform(distribution: Distribution, shape: tuple[int, ...]) -> Tensor:
    like = next(iter(distribution.parameters.values()))
    return torch.rand(shape, dtype=like.dtype, device=like.device)
