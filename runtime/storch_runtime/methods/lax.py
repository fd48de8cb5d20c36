"""LAX: the score function, its cost lowered by a critic whose gradient comes back along the value.

Formula: ``1/n Σ_k (f(z_k) - c_φ(z_k)) ∇ log p(z_k) + ∇ c_φ(z(ε_k, θ))``; in the loss
``a = stop(c_φ(z)) (1 - box(l)) + stop(∂c_φ/∂z) (z(ε, θ) - stop z)``. The value that the story sees
carries no gradient.
Unbiased: yes, whatever c_φ is.
Trains: c_φ, on the mean over elements of the squared estimate, in the parameters as given.
Needs: a reparameterizable family. The cost may be anything; 1 evaluation of it and of the critic.
Shapes: value ``[n, *plates, *event]``; critic ``[N, *event]`` to ``[N]``.
Raises: ValueError without a critic.
Reference: Grathwohl et al. 2018, arXiv:1711.00123.
Certified for: first order, exactly by quadrature; the variance falls when it is trained.
"""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions.base import sum_event
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.methods._inner import (
    SelfTrained,
    criticized,
    minus_baseline,
    slope,
    squares,
)

__all__ = ["LAX"]


class LAX(SelfTrained):
    """The method; its critic comes with what is downstream.

    Formula, shapes, errors and source: `storch_runtime.methods.lax`.
    """

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        if not torch.is_grad_enabled():
            return torch.zeros_like(draw.log_prob)
        event = len(draw.distribution.event_shape)
        leaf = draw.value.detach().requires_grad_()
        costs = criticized(downstream, leaf, event)
        slopes = slope(costs, leaf, again=self.learns(draw))
        if self.learns(draw):
            estimates = _estimates(draw, downstream.cost - costs, slopes)
            if estimates:
                variance = downstream.mean_of_all(squares(estimates, costs.dim()))
                self.train_on(variance, downstream)
        path = draw.distribution.replay(leaf.detach())
        back = sum_event(slopes.detach() * (path - path.detach()), event)
        return minus_baseline(draw, costs) + back


def _estimates(draw: Drawn, signal: Tensor, slopes: Tensor) -> tuple[Tensor, ...]:
    """The gradient estimate of each element, in a copy of the parameters that is its own."""
    law, value = draw.distribution.expand(draw.log_prob.shape), draw.value.detach()
    trained = [name for name, p in draw.distribution.parameters.items() if p.requires_grad]
    own = {name: law.parameters[name].detach().clone().requires_grad_() for name in trained}
    copy = type(law)(**{**law.given(), **own}, event=law.event)  # type: ignore[call-arg]
    total = (signal * copy.log_prob(value)).sum() + (slopes * copy.replay(value)).sum()
    if not own:
        return ()
    return torch.autograd.grad(total, list(own.values()), create_graph=True)
