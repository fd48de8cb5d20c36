"""LAX: the score function, its cost lowered by a critic whose gradient comes back along the value.

Formula: ``1/n Σ_k (f(z_k) - c_φ(z_k)) ∇ log p(z_k) + ∇ c_φ(z(ε_k, θ))``; in the loss
``a = stop(c_φ(z)) (1 - box(l)) + stop(∂c_φ/∂z) (z(ε, θ) - stop z)``. The value that the story sees
carries no gradient.
In a loop this is so in every step t, with the costs of that step and later ones as f and the
parameters of that step as θ. What else c_φ is told is known before the draw, and detached.
Unbiased: yes, whatever c_φ is.
Trains: c_φ, on the mean over elements of the squared estimate, in the parameters as given; in a
loop of the sum of those of all steps.
Needs: a reparameterizable family. The cost may be anything; 1 evaluation of it and of the critic.
Shapes: value ``[n, *plates, *event]``; critic ``[N, *event]``, and what it is told, to ``[N]``.
Raises: ValueError without a critic.
Reference: Grathwohl et al. 2018, arXiv:1711.00123.
Certified for: first order, exactly by quadrature, also in loops; the variance falls when it is
trained.
"""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions.base import sum_event
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.methods._critics import Criticized, Variate
from storch_runtime.methods._inner import (
    criticized,
    leaf_of,
    minus_baseline,
    slope,
    squares,
)

__all__ = ["LAX"]


class LAX(Criticized):
    """The method; its critic comes with what is downstream.

    Formula, shapes, errors and source: `storch_runtime.methods.lax`.
    """

    def variate(self, draw: Drawn, downstream: Downstream) -> Variate:
        """See `Criticized.variate`."""
        event = len(draw.distribution.event_shape)
        leaf = leaf_of(draw.value)
        costs = criticized(downstream, leaf, event)
        learns = self.learns(draw)
        slopes = slope(costs, leaf, again=learns)
        squared = None
        if learns and (estimates := _estimates(draw, downstream.cost - costs, slopes)):
            squared = squares(estimates, costs.dim())
        path = draw.distribution.replay(draw.value)
        back = sum_event(slopes.detach() * (path - path.detach()), event)
        return Variate(minus_baseline(draw, costs) + back, squared)


def _estimates(draw: Drawn, signal: Tensor, slopes: Tensor) -> tuple[Tensor, ...]:
    """The gradient estimate of each element, in a copy of the parameters that is its own."""
    law, value = draw.distribution.expand(draw.log_prob.shape), draw.value
    trained = [name for name, p in draw.distribution.parameters.items() if p.requires_grad]
    own = {name: leaf_of(law.parameters[name].clone()) for name in trained}
    copy = law.remade({**law.given(), **own}, law.event)
    total = (signal * copy.log_prob(value)).sum() + (slopes * copy.replay(value)).sum()
    if not own:
        return ()
    return torch.autograd.grad(total, list(own.values()), create_graph=True)
