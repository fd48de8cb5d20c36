"""Weak derivatives of continuous families and counts, as coupled pairs of values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from storch_runtime.carrying import carries_gradient
from storch_runtime.distributions import Distribution, Exponential, Gamma, Normal, Poisson


class Pair(NamedTuple):
    """``∂/∂parameter E f = E scale · (f(plus) - f(minus))`` by one coordinate.

    All are broadcastable to the value; None stands for the value as it was drawn.
    """

    parameter: Tensor
    scale: Tensor
    plus: Tensor | None
    minus: Tensor | None


def normal(law: Normal, value: Tensor) -> list[Pair]:
    """The mean: Weibull steps to both sides. The scale: a double-sided Maxwell and a normal."""
    loc, scale = law.loc, law.scale
    pairs = []
    if carries_gradient(loc):
        step = scale.detach() * rayleigh(value)
        mean, weight = loc.detach(), 1 / (scale.detach() * math.sqrt(2 * math.pi))
        pairs.append(Pair(loc, weight, mean + step, mean - step))
    if carries_gradient(scale):
        step = scale.detach() * maxwell(value)
        share = torch.rand_like(value)
        mean = loc.detach()
        pairs.append(Pair(scale, 1 / scale.detach(), mean + step, mean + share * step))
    return pairs


def poisson(law: Poisson, value: Tensor) -> list[Pair]:
    """The value drawn, and one more."""
    return [Pair(law.rate, torch.ones_like(law.rate), value + 1, None)]


def exponential(law: Exponential, value: Tensor) -> list[Pair]:
    """The value drawn, and a second waiting time behind it."""
    rate = law.rate.detach()
    return [Pair(law.rate, 1 / rate, None, value + waiting(value) / rate)]


def gamma(law: Gamma, value: Tensor) -> list[Pair]:
    """The value drawn, and a waiting time behind it, which raises the concentration by one."""
    if carries_gradient(law.concentration):
        raise ValueError(
            "`MeasureValued` knows no pair of values for the concentration of a `Gamma`, which "
            "carries a gradient: stop it, or use `Reparameterization()` or `ScoreFunction()`"
        )
    rate = law.rate.detach()
    return [Pair(law.rate, law.concentration / rate, None, value + waiting(value) / rate)]


PAIRS: dict[type[Distribution], Callable[..., list[Pair]]] = {
    Normal: normal,
    Poisson: poisson,
    Exponential: exponential,
    Gamma: gamma,
}


def waiting(like: Tensor) -> Tensor:
    """Exponential with rate 1."""
    return torch.empty_like(like).exponential_()


def rayleigh(like: Tensor) -> Tensor:
    """Weibull with scale √2 and shape 2: density ``w exp(-w²/2)``."""
    return (2 * waiting(like)).sqrt()


def maxwell(like: Tensor) -> Tensor:
    """Double-sided: density ``m² exp(-m²/2) / √2π``, the length of three normals with a sign."""
    sides = torch.randn((3, *like.shape), dtype=like.dtype, device=like.device)
    return sides.square().sum(0).sqrt() * sides[0].sign()
