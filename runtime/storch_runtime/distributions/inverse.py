"""Inverse distribution functions: standard noise from uniform variables strictly within (0, 1)."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.precision import HALVES


def normal(uniform: Tensor) -> Tensor:
    """Standard normal."""
    wide = uniform.float() if uniform.dtype in HALVES else uniform  # torch has no other kernel
    value: Tensor = torch.special.ndtri(wide).to(uniform.dtype)
    return value


def exponential(uniform: Tensor) -> Tensor:
    """Exponential with rate 1."""
    return -torch.log1p(-uniform)


def gumbel(uniform: Tensor) -> Tensor:
    """Standard Gumbel."""
    return -torch.log(-uniform.log())


def logistic(uniform: Tensor) -> Tensor:
    """Standard logistic."""
    return uniform.log() - torch.log1p(-uniform)


def laplace(uniform: Tensor) -> Tensor:
    """Standard Laplace."""
    side = uniform - 0.5
    return -side.sign() * torch.log1p(-2 * side.abs())


def cauchy(uniform: Tensor) -> Tensor:
    """Standard Cauchy."""
    return torch.tan(torch.pi * (uniform - 0.5))
