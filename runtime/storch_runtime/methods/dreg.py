"""The doubly reparameterized gradient of a multi-sample bound.

Formula: ``α Σ_k w_k² ∂f_k/∂z_k ∂z_k/∂θ``, ``w = softmax f``, for the cost ``α m + β``,
``m = log 1/n Σ_k exp f_k`` with ``f_k = … - log q_θ(z_k)``, θ stopped there. The gradient that
arrives at ``z_k`` has one factor ``w_k`` from the bound; the other comes through a token that
leaves with the value and meets the weights once they are known.
Unbiased: yes.
Needs: a family with ``rsample``; every path from ``z`` to a cost through the one ``logmeanexp``.
Shapes: value ``[n, *plates, *event]``, token ``[n, *plates]``.
Reference: Tucker, Lawson, Gu and Maddison 2019, arXiv:1810.04152.
Certified for: first order, by quadrature over two draws, above and below other pathwise samples.
Variance on a toy, against `Reparameterization`: 1/460 with 2 draws, 1/1800 with 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.methods.reparameterization import Reparameterization

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["DReG"]


class DReG(Reparameterization):
    """Reparameterization whose gradient is weighted once more.

    Formula, shapes, errors and source: `storch_runtime.methods.dreg`.
    """

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
        """See `Method.propose`."""
        return _gated(super().propose(distribution, n, noise=noise, outcome=outcome, **values))

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`."""
        return _gated(super().replay(distribution, value, n, **values))

    def joined(self, draw: Drawn, bound: Tensor, terms: Tensor) -> Tensor:
        """See `Method.joined`: the weights of ``terms`` go to the draws."""
        assert draw.points is not None
        weights = torch.softmax(terms.detach(), draw.plate_dim).expand_as(draw.points)
        bound = _Weights.apply(bound, draw.points, weights)  # type: ignore[no-untyped-call]
        return bound


def _gated(draw: Draw) -> Draw:
    event = len(draw.distribution.event_shape)
    draw.value, draw.points = _Gate.apply(draw.value, event)  # type: ignore[no-untyped-call]
    return draw


class _Gate(torch.autograd.Function):
    """A value and a token without its event: what arrives at the token scales the gradient."""

    generate_vmap_rule = True

    @staticmethod
    def forward(value: Tensor, event: int) -> tuple[Tensor, Tensor]:
        plates = value.shape[: value.dim() - event]
        return value.view_as(value), value.new_zeros(plates)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, int], output: tuple[Tensor, Tensor]) -> None:
        ctx.event = inputs[1]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, weights: Tensor) -> tuple[Tensor, None]:
        return gradient * weights.reshape(weights.shape + (1,) * ctx.event), None


class _Weights(torch.autograd.Function):
    """The bound as it is; the token gets the weights, whatever the gradient of the bound."""

    generate_vmap_rule = True

    @staticmethod
    def forward(bound: Tensor, token: Tensor, weights: Tensor) -> Tensor:
        return bound.view_as(bound)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(inputs[2])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        (weights,) = ctx.saved_tensors
        return gradient, weights, None
