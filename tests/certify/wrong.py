"""Methods of a user's: two that are right, and four made wrong on purpose."""

import torch
from torch import Tensor

from storch_runtime import Downstream, Draw, Drawn, Method


class LeaveOneOut(Method):
    """Right: the mean of the other draws is taken off."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        cost, plate = downstream.cost, draw.plate_dim
        others = (cost.sum(plate, keepdim=True) - cost) / (cost.shape[plate] - 1)
        return (1 - draw.box) * others


class Constant(Method):
    """Right: a number known beforehand is taken off."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        return 0.7 * (1 - draw.box)


class Sign(Method):
    """Wrong: the score has the wrong sign."""

    def gradient_function(self, draw: Draw) -> Tensor:
        return -draw.log_prob


class Missing(Method):
    """Wrong: a part of the score is missing, as of a law that is scaled without saying so."""

    def gradient_function(self, draw: Draw) -> Tensor:
        return 0.9 * draw.log_prob + 0.1 * draw.log_prob.detach()


class Seeing(Method):
    """Wrong: the baseline is the mean of all draws, its own among them."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        cost, plate = downstream.cost, draw.plate_dim
        return (1 - draw.box) * cost.mean(plate, keepdim=True)


class Tilted(Method):
    """Wrong: drawn from a flatter law, and nothing multiplies by the ratio of the two."""

    def propose(self, distribution, n, *, noise=None, outcome=None, **values) -> Draw:  # type: ignore[no-untyped-def]
        support = distribution.enumerate_support()
        each = distribution.joint_log_prob(support)
        shares = torch.softmax(0.5 * each.detach(), 0).movedim(0, -1)
        own = () if n is None else (n,)
        index = torch.multinomial(
            shares.expand(*own, *shares.shape).reshape(-1, len(support)), 1
        ).reshape(*own, *distribution.plates)
        return Draw(support[index], distribution)
