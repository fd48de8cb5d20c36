"""How much of a distribution lies below a value, and above: each precise in its own tail.

Sources: Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498, on implicit derivatives of mixtures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from storch_runtime.distributions.base import Distribution
from storch_runtime.distributions.normal import Normal
from storch_runtime.distributions.positive import LogNormal, Weibull
from storch_runtime.distributions.real import Cauchy, Gumbel, Laplace

__all__ = ["has_cumulative", "sides"]

Pair = tuple[Tensor, Tensor]


def _normal(x: Tensor) -> Pair:
    return torch.special.ndtr(x), torch.special.ndtr(-x)


def _laplace(x: Tensor) -> Pair:
    half = 0.5 * torch.exp(-x.abs())
    rest = 1 - half
    return torch.where(x < 0, half, rest), torch.where(x < 0, rest, half)


def _cauchy(x: Tensor) -> Pair:
    one = torch.ones_like(x)
    return torch.atan2(one, -x) / math.pi, torch.atan2(one, x) / math.pi


def _gumbel(x: Tensor) -> Pair:
    rest = torch.exp(-x.clamp(min=-80.0))  # far below nothing changes any more
    return torch.exp(-rest), -torch.expm1(-rest)


def _exponential(x: Tensor) -> Pair:
    return -torch.expm1(-x), torch.exp(-x)


def _shifted(law: Any, value: Tensor) -> Tensor:
    standard: Tensor = (value - law.loc) / law.scale
    return standard


def _logarithm(law: Any, value: Tensor) -> Tensor:
    return _shifted(law, value.log())


def _power(law: Any, value: Tensor) -> Tensor:
    found: Tensor = (value / law.scale) ** law.concentration
    return found


_SIDES: dict[
    type[Distribution], tuple[Callable[[Any, Tensor], Tensor], Callable[[Tensor], Pair]]
] = {
    Normal: (_shifted, _normal),
    Laplace: (_shifted, _laplace),
    Cauchy: (_shifted, _cauchy),
    Gumbel: (_shifted, _gumbel),
    LogNormal: (_logarithm, _normal),
    Weibull: (_power, _exponential),
}


def has_cumulative(law: Distribution) -> bool:
    """Whether `sides` are known of a distribution."""
    return type(law) in _SIDES


def sides(law: Distribution, value: Tensor) -> Pair:
    """The probabilities below and above ``value`` ``[..., *plates]``, of one without an event."""
    standard, both = _SIDES[type(law)]
    return both(standard(law, value))
