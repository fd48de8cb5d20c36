"""How a method's gradient spreads and strays."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor, nn

from storch_runtime import gradient_statistics

GROUPS = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance of one gradient, all coordinates summed, and the length of its bias.

    ``bias`` and ``resolution`` are parts of the exact gradient's length: a bias that is much
    smaller than the resolution cannot be seen with as many repeats.
    """

    variance: float
    bias: float
    resolution: float


def exact_gradient(model: nn.Module, x: Tensor) -> Tensor:
    """The gradient of a model whose samples are enumerated, as one vector."""
    return torch.cat([part.flatten() for part in gradient_statistics(model, x, 2).mean.values()])


def measure(model: nn.Module, exact: Tensor, x: Tensor, repeats: int) -> Spread:
    """Estimate the gradient ``repeats`` times, in groups.

    The deviations d_i of the groups' means from the exact gradient are independent, so the mean
    of d_i · d_j over the pairs i ≠ j is the squared bias with no variance left in it.
    """
    groups = [gradient_statistics(model, x, max(2, repeats // GROUPS)) for _ in range(GROUPS)]
    deviations = torch.stack(
        [torch.cat([part.flatten() for part in group.mean.values()]) - exact for group in groups]
    )
    products = deviations @ deviations.T
    apart = products[~torch.eye(GROUPS, dtype=torch.bool)]
    length = exact.norm().item()
    return Spread(
        sum(group.total_variance for group in groups) / GROUPS,
        sqrt(max(0.0, apart.mean().item())) / length,
        sqrt(apart.std().item() / sqrt(len(apart) / 2)) / length,
    )
