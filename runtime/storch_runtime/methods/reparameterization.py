"""The pathwise derivative: differentiate the cost through the value drawn.

Formula: ``1/n Σ_k ∇ f(x(ε_k, θ))``, ``ε_k ~ p(ε)``.
Unbiased: yes.
Needs: a family with ``rsample``, and every path to every cost differentiable.
Shapes: value ``[n, *plates, *event]``.
Raises: TypeError where a value is given for a family that has no inverse.
Reference: Kingma and Welling 2014, arXiv:1312.6114; implicit derivatives: Figurnov et al. 2018,
arXiv:1805.08498.
Certified for: any order (families with an implicit derivative: the first).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.method import Method

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["Reparameterization"]


class Reparameterization(Method):
    """Differentiate through the value; options: ``n`` and how it is drawn.

    Formula, shapes, errors and source: `storch_runtime.methods.reparameterization`.
    """

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`."""
        return self.sampler.draw(
            distribution, n, pathwise=True, noise=noise, outcome=outcome, **values
        )

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`; the gradient is attached again."""
        return self.sampler.replay(distribution, distribution.replay(value), n, **values)

    def gradient_function(self, draw: Draw) -> None:
        """None: the gradient goes through the value."""
