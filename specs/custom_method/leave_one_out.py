"""A gradient estimator of one's own: the score function whose draws are each other's baselines."""

from __future__ import annotations

from torch import Tensor

from storch_runtime import Downstream, Drawn, Method


class LeaveOneOut(Method):
    """``1/n Σ_k (f(x_k) - mean of the other f(x_j)) ∇ log p(x_k)``.

    `Method` draws by Monte Carlo and has the score function as its gradient; what is left to say is
    the control variate. Its value must be exactly 0, and ``(1 - draw.box) b`` has the derivative
    ``-b ∇ log p(x)``. `storchc` cannot look into it: that b_k is independent of x_k is our promise.
    """

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`; the plate of the draws is dimension ``draw.plate_dim``."""
        cost, plate = downstream.cost, draw.plate_dim
        others = (cost.sum(plate, keepdim=True) - cost) / (cost.shape[plate] - 1)
        return (1 - draw.box) * others
