"""Where the support of a family ends, and densities that are 0 beyond."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["COUNTS", "FEWER", "HALF", "INTERVAL", "OPEN_HALF", "OPEN_INTERVAL", "SIMPLEX", "Ends"]

_SLACK = 1e-4
"""How far rounding may take the sum of a vector of probabilities from 1."""


@dataclass(frozen=True, slots=True)
class Ends:
    """A support that is not the whole line.

    ``holds`` says of a distribution and a value which elements lie inside, one for each element of
    the batch; ``inner`` is a value that does.
    """

    holds: Callable[[Any, Tensor], Tensor]
    inner: Callable[[Any], Tensor | float]
    rank: int = 0


def _simplex(law: object, value: Tensor) -> Tensor:
    near = (value.sum(-1) - 1).abs() < _SLACK
    return near & ((value >= 0) & (value <= 1)).all(-1)


def _log_simplex(law: object, value: Tensor) -> Tensor:
    return value.logsumexp(-1).abs() < _SLACK


def _counts(law: Any, value: Tensor) -> Tensor:
    found: Tensor = value.sum(-1) == law.total_count
    return found & (value >= 0).all(-1)


def _covariance(law: object, value: Tensor) -> Tensor:
    near = (value - value.mT).abs() <= _SLACK * value.abs().amax((-2, -1), keepdim=True)
    definite: Tensor = torch.linalg.cholesky_ex(value).info == 0
    return near.all(-1).all(-1) & definite


def _correlation(law: object, value: Tensor) -> Tensor:
    unit = ((value.square().sum(-1) - 1).abs() < _SLACK).all(-1)
    lower = (value.triu(1) == 0).all(-1).all(-1)
    return unit & lower & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


def _identity(law: Any, like: Tensor) -> Tensor:
    return torch.eye(law.own_event[-1], dtype=like.dtype, device=like.device)


HALF = Ends(lambda law, value: value >= 0, lambda law: 1.0)
OPEN_HALF = Ends(lambda law, value: value > 0, lambda law: 1.0)
INTERVAL = Ends(lambda law, value: (value >= 0) & (value <= 1), lambda law: 0.5)
OPEN_INTERVAL = Ends(lambda law, value: (value > 0) & (value < 1), lambda law: 0.5)
LOG_SIMPLEX = Ends(_log_simplex, lambda law: -math.log(law.own_event[0]), rank=1)
SIMPLEX = Ends(_simplex, lambda law: 1 / law.own_event[0], rank=1)
ABOVE_SCALE = Ends(lambda law, value: value >= law.scale, lambda law: 2 * law.scale.detach())
FEWER = Ends(lambda law, value: (value >= 0) & (value <= law.torch.total_count), lambda law: 0.0)
COUNTS = Ends(_counts, lambda law: law.total_count.unsqueeze(-1) / law.own_event[0], rank=1)
COVARIANCE = Ends(_covariance, lambda law: _identity(law, law.like), rank=2)
CORRELATION = Ends(_correlation, lambda law: _identity(law, law.concentration), rank=2)
BETWEEN = Ends(
    lambda law, value: (value >= law.low) & (value <= law.high), lambda law: law.mode.detach()
)
CLASSES = Ends(lambda law, value: (value >= 0) & (value < law.outcomes), lambda law: 0)


def ending(law: Any, ends: Ends, value: Tensor) -> Tensor:
    """The log-probability of each element of the batch: minus infinity outside, without slope."""
    inside = ends.holds(law, value)
    held = inside.reshape((*inside.shape, *(1,) * ends.rank))
    safe = torch.where(held, value, ends.inner(law))
    each: Tensor = law.apart().log_prob(safe)
    return each.masked_fill(~inside, -torch.inf)
