"""What ARMS and CARMS share: n coupled draws, and the known law of each pair of them."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.methods._control import injected, widened
from storch_runtime.methods._sticks import columns, coupled_breaks, ratios, sticks
from storch_runtime.samplers.sampler import Outcome

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution


class Coupled(Method):
    """Draws n values that avoid one another, and compares their costs."""

    order = 1

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`; an outcome is the whole value. There is no simple noise to take."""
        count = _several(self, n)
        if outcome is not None:
            return Draw(outcome, distribution)
        order, shares = sticks(_chances(distribution))
        index = _classes(order, coupled_breaks(shares, count))
        return Draw(distribution.place_values(index), distribution)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`; values that were drawn otherwise give a biased estimate."""
        _several(self, n)
        return Draw(value, distribution, replayed=True)

    def gradient_function(self, draw: Draw) -> None:
        """None: the whole gradient is in the control variate."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        law = draw.distribution
        index = law.place_indices(draw.value)
        logs = law.place_log_probs()
        order, shares = sticks(logs.detach().exp())
        ratio = ratios(shares, len(index))
        cost = widened(downstream.cost, 1)
        if len(logs) == 1:  # one class: every draw takes it, and nothing is compared
            gain = torch.zeros_like(logs[0]).expand(index.shape)
        elif len(logs) == 2:  # each pair has the same ratio, and pairs of equal values cancel out
            gain = ratio * (cost - cost.mean(0)) * (len(cost) / (len(cost) - 1))
        else:
            gain = _gain(_breaks(order, index), ratio, cost)
        spread = logs.unsqueeze(1).expand(len(logs), *index.shape)
        return injected(gain, spread.gather(0, index.unsqueeze(0)).squeeze(0), 1)

    def outcomes(
        self, distribution: Distribution, *, each: bool = False, **values: Any
    ) -> list[Outcome]:
        """See `Method.outcomes`: every joint column of breaks."""
        order, shares = sticks(_chances(distribution))
        shape = order.shape[1:]
        rows = shares.double().reshape(len(shares), -1).T.tolist()
        listed = []
        for choice in product(*(columns(row, self.n).items() for row in rows)):
            breaks = torch.tensor([column for column, _ in choice]).T.reshape(self.n, *shape)
            value = distribution.place_values(_classes(order, breaks))
            listed.append((value, prod(chance for _, chance in choice)))
        return listed


def _several(method: Method, n: int | None) -> int:
    """How many draws there are, of which there must be two to compare."""
    if n is None or n < 2:
        raise ValueError(
            f"`{type(method).__name__}` compares draws that avoid one another: it needs a plate of "
            "its own with n of 2 or more"
        )
    return n


def _chances(distribution: Distribution) -> Tensor:
    """``[C, *plates, places]``."""
    return distribution.place_log_probs().detach().exp()


def _classes(order: Tensor, breaks: Tensor) -> Tensor:
    """The class that each stick ``[n, *plates, places]`` broke at."""
    return order.unsqueeze(1).expand(len(order), *breaks.shape).gather(0, breaks[None])[0]


def _breaks(order: Tensor, index: Tensor) -> Tensor:
    """Where the stick broke, for each class."""
    return _classes(order.argsort(0), index)


def _gain(breaks: Tensor, ratio: Tensor, cost: Tensor) -> Tensor:
    """``1/(n - 1) Σ_l r_kl (f_k - f_l)`` over the draws that broke apart, ``[n, *plates, places]``.

    Draws that broke together are left out: what they add cancels out, and they have no ratio.
    """
    first = torch.minimum(breaks[:, None], breaks[None])
    apart = breaks[:, None] != breaks[None]
    at = first.clamp(max=len(ratio) - 1).unsqueeze(0)
    wide = ratio[:, None, None].expand(len(ratio), *first.shape)
    weight = torch.where(apart, wide.gather(0, at).squeeze(0), 0.0)
    return (weight * (cost[:, None] - cost[None])).sum(1) / (len(breaks) - 1)
