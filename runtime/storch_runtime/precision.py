"""The numbers that each precision has for what is nearly nothing, and nearly impossible."""

from __future__ import annotations

import torch

__all__ = ["impossible", "smallest"]

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
