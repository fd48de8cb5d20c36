"""The numbers that each precision has for what is nearly nothing, and nearly impossible."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["HALVES", "impossible", "narrowed", "smallest"]

HALVES = (torch.float16, torch.bfloat16)
"""Half precision, for which torch lacks the kernels of some draws."""

_SMALLEST = {torch.float64: 2.3e-308, torch.float16: 6e-8}
_IMPOSSIBLE = {torch.float16: -3e4}


def smallest(dtype: torch.dtype) -> float:
    """The smallest normal number: added to a probability it changes nothing but an exact 0.

    That of half precision is too large for this; it is the smallest number there is.
    """
    return _SMALLEST.get(dtype, 1.2e-38)


def impossible(dtype: torch.dtype) -> float:
    """A logit of minus infinity: its exponential is 0, and 0 times it, where else it is NaN."""
    return _IMPOSSIBLE.get(dtype, -1e30)


def narrowed(value: Tensor, dtype: torch.dtype, most: float | None) -> Tensor:
    """A positive draw of single precision in half, where it rounds to neither 0 nor ``most``."""
    value = value.to(dtype).clamp(min=smallest(dtype))
    return value if most is None else value.clamp(max=most - torch.finfo(dtype).eps)
