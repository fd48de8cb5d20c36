"""The magic box and the weighted reductions that a loss is made of.

``box(l) = exp(l - stop(l))`` has value 1 and the derivatives of ``exp(l)`` at ``l = 0``, of any
order (DiCE, Foerster et al. 2018, arXiv:1802.05098).
"""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.precision import smallest

__all__ = [
    "harmless",
    "idle",
    "log_sum_exp",
    "log_weighted_mean_exp",
    "magic_box",
    "scored",
    "vanishing",
    "weight_product",
    "weighted_sum",
]

_LARGEST_EXPONENT = 80.0
"""``exp`` of it is finite in float32, and far above any ratio that a derivative can need."""


def magic_box(score: Tensor) -> Tensor:
    """``exp(score - stop(score))``: value 1, the derivatives of the score-function estimator."""
    return torch.exp(score - score.detach())


def scored(box: Tensor, value: Tensor) -> Tensor:
    """``box · value``, of which an infinite value or NaN has no score: where it weighs 0, 0 · inf.

    Where it weighs more the total is not finite anyhow.
    """
    finite = value.detach().abs() < torch.inf
    return torch.where(finite, box * value.masked_fill(~finite, 0.0), value)


def weighted_sum(weight: Tensor, value: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """``Σ weight · value`` over ``dim``; a non-finite value of weight zero counts nothing.

    The derivative with respect to a weight of exactly zero is the value there, where it is finite.
    """
    return (weight * harmless(weight, value)).sum(dim)


def weight_product(weight: Tensor, dims: tuple[int, ...], count: int) -> Tensor:
    """The product over ``dims`` of weights of which each carries 1/count; it carries that once."""
    product = weight * count
    for dim in sorted(dims, reverse=True):
        product = product.prod(dim)
    return product / count


def harmless(weight: Tensor, value: Tensor) -> Tensor:
    """``value`` without infinities and NaN where the weight is zero: 0 · inf is NaN."""
    finite = value.detach().abs() < torch.inf
    return value.masked_fill(idle(weight) > finite, 0.0)


def vanishing(weight: Tensor) -> Tensor:
    """``weight``, exactly zero where a probability is, so that sums of many are too."""
    return weight - torch.where(idle(weight), weight.detach(), 0.0)


def idle(weight: Tensor) -> Tensor:
    """Whether a weight is zero; a probability of exactly 0 is the smallest normal number."""
    return weight <= 1.04 * smallest(weight.dtype)


def log_weighted_mean_exp(
    value: Tensor, weight: Tensor | None, dim: int | tuple[int, ...]
) -> Tensor:
    """``log Σ weight · exp(value)`` over ``dim``; without weights each element weighs 1/size."""
    dims = (dim,) if isinstance(dim, int) else dim
    if weight is None:
        count = 1
        for each in dims:
            count *= value.shape[each]
        return log_sum_exp(value, dims) - torch.log(value.new_tensor(float(count)))
    return _log_weighted_sum_exp(value, weight, dims)


def log_sum_exp(value: Tensor, dims: tuple[int, ...], keepdim: bool = False) -> Tensor:
    """``log Σ exp(value)`` over ``dims``; where all are -inf so is it, with slopes of 0."""
    nowhere = value.detach().amax(dims, keepdim=True) == -torch.inf  # torch's slope is NaN
    total = torch.logsumexp(value.masked_fill(nowhere, 0.0), dims, keepdim)
    return total.masked_fill(nowhere if keepdim else nowhere.squeeze(dims), -torch.inf)


def _log_weighted_sum_exp(value: Tensor, weight: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Stable whatever the weights: shifted by the largest value of positive weight."""
    value, weight = torch.broadcast_tensors(value, weight)  # type: ignore[no-untyped-call]
    nothing = idle(weight)
    top = value.detach().masked_fill(nothing, -torch.inf).amax(dims, keepdim=True)
    top = torch.where(top.isfinite(), top, 0.0)
    shifted = value - top
    shifted = torch.where(nothing, shifted.nan_to_num().clamp(max=_LARGEST_EXPONENT), shifted)
    total = (weight * shifted.exp()).sum(dims)
    log_total = torch.where(total > 0, total, 1.0).log()
    return torch.where(total == 0, -torch.inf, log_total + top.squeeze(dims))
