"""The entmax map: a softmax that gives exact zeros.

``entmax_α(x) = max(0, (α - 1) x - t)^(1 / (α - 1))`` along the last dimension, with the threshold
``t`` at which it sums to 1. The threshold is found without gradient, by sorting for α = 1.5 and 2
and by bisection otherwise. One Newton step, which carries the gradient, makes it exact; so the
first derivative, in x and in α, is that of the map. The second is not claimed.
Reference: Peters, Niculae and Martins 2019, arXiv:1905.05702; Martins and Astudillo 2016,
arXiv:1602.02068.
"""

from __future__ import annotations

import torch
from torch import Tensor

_OUT = -1.5  # scaled scores that never win: the largest is 0, and the threshold at least -1


def entmax(scores: Tensor, alpha: Tensor | float) -> Tensor:
    """The map, for α above 1 (a number, or a tensor with a gradient of its own)."""
    x = (alpha - 1) * (scores - scores.amax(-1, keepdim=True).detach())
    power = 1 / (alpha - 1)
    with torch.no_grad():
        threshold = _threshold(x.clamp(min=_OUT), alpha)
    mass = _raised(x - threshold, power).sum(-1, keepdim=True)
    slope = power * _raised(x - threshold, power - 1).sum(-1, keepdim=True)
    return _raised(x - (threshold + (mass - 1) / slope.detach()), power)


def _raised(rest: Tensor, power: Tensor | float) -> Tensor:
    """``rest ** power`` where ``rest`` is positive, else 0; its derivatives are finite there."""
    positive = rest > 0
    raised = torch.where(positive, rest, 1.0) ** power
    return torch.where(positive, raised, 0.0)


def _threshold(x: Tensor, alpha: Tensor | float) -> Tensor:
    if isinstance(alpha, Tensor) or alpha not in (1.5, 2.0):
        return _bisected(x, alpha)
    return _sparsemax_threshold(x) if alpha == 2.0 else _entmax15_threshold(x)


def _sparsemax_threshold(x: Tensor) -> Tensor:
    """The candidate of each number of winners, and of these the last that is consistent."""
    ordered, counts = _ordered(x)
    candidates = (ordered.cumsum(-1) - 1) / counts
    return _last(candidates, candidates < ordered)


def _entmax15_threshold(x: Tensor) -> Tensor:
    ordered, counts = _ordered(x)
    mean = ordered.cumsum(-1) / counts
    spread = ordered.square().cumsum(-1) - counts * mean.square()
    candidates = mean - ((1 - spread) / counts).clamp(min=0).sqrt()
    return _last(candidates, candidates <= ordered)


def _ordered(x: Tensor) -> tuple[Tensor, Tensor]:
    counts = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype, device=x.device)
    return x.sort(-1, descending=True).values, counts


def _last(candidates: Tensor, consistent: Tensor) -> Tensor:
    return candidates.gather(-1, consistent.sum(-1, keepdim=True) - 1)


def _bisected(x: Tensor, alpha: Tensor | float) -> Tensor:
    """Halve between -1, where the largest alone weighs 1, and where all would, were they equal."""
    low = torch.full_like(x.narrow(-1, 0, 1), -1.0)
    width = 1 - float(x.shape[-1]) ** (1 - alpha)
    for _ in range(53 if x.dtype == torch.float64 else 24):
        width = width / 2
        middle = low + width
        mass = _raised(x - middle, 1 / (alpha - 1)).sum(-1, keepdim=True)
        low = torch.where(mass >= 1, middle, low)
    return low
