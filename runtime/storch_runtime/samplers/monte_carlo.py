"""Plain Monte Carlo: independent draws from the distribution itself.

Formula: ``z_k ~ p``, ``w_k = 1/n``.
Needs: a distribution that can be sampled.
Shapes: value ``[n, *plates, *event]``, no weights.
Reference: Metropolis and Ulam 1949.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.samplers.sampler import Outcome, Sampler

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["MonteCarlo"]


class MonteCarlo(Sampler):
    """Independent draws from the distribution itself.

    Formula, shapes, errors and source: `storch_runtime.samplers.monte_carlo`.
    """

    kind = "iid"

    def draw(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        pathwise: bool = False,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Sampler.draw`; an outcome is the whole value, ``[n, *plates, *event]``."""
        if outcome is not None:
            return Draw(outcome, distribution)
        drawn = distribution.rsample if pathwise else distribution.sample
        return Draw(drawn(n, noise=noise), distribution)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Sampler.replay`."""
        return Draw(value, distribution, replayed=True)

    def outcomes(self, distribution: Distribution, n: int | None) -> list[Outcome]:
        """Every joint assignment of the support to the elements of ``[n, *plates]``."""
        support = distribution.enumerate_support()
        own = () if n is None else (n,)
        plates = own + tuple(distribution.plates)
        table = distribution.joint_log_prob(support).detach()
        if n is not None:
            table = table.unsqueeze(1)
        table = table.expand(len(support), *plates).reshape(len(support), -1)
        shape = plates + tuple(support.shape[1:])
        places = torch.arange(prod(plates))
        listed = []
        for choice in product(range(len(support)), repeat=prod(plates)):
            index = torch.tensor(choice)
            probability = table.double()[index, places].sum().exp().item()
            listed.append((support[index].reshape(shape), probability))
        return listed
