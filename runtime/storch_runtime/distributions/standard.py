"""Intervals of the standard normal distribution: their mass and their quantiles, without overflow.

An interval ``(a, b)`` is looked at from its point next to 0, its ``anchor`` c, where its density is
highest: all exponentials are of ``(c² - z²)/2``, which is at most 0. Ends may be infinite. Single
precision is exact to rounding out to ends of 10⁴, in narrow intervals too.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import torch
from torch import Tensor

from storch_runtime.precision import smallest

__all__ = [
    "LOG_ROOT_TAU",
    "Quantile",
    "anchor",
    "legendre",
    "log_mass",
    "quantile",
    "rise",
    "share_below",
]

LOG_ROOT_TAU = 0.5 * math.log(2 * math.pi)
_ROOT_HALF = math.sqrt(0.5)
_NARROW = 0.2
_FOUR = (  # Gauss and Legendre's four nodes in (0, 1) with their weights
    (0.06943184420297371, 0.17392742256872693),
    (0.33000947820757187, 0.32607257743127307),
    (0.6699905217924281, 0.32607257743127307),
    (0.9305681557970262, 0.17392742256872693),
)
_NODES = 64
_STEPS = 6


def anchor(a: Tensor, b: Tensor) -> Tensor:
    """The point of an interval that is next to 0."""
    return a.clamp(min=0) + b.clamp(max=0)


def rise(start: Tensor, z: Tensor) -> Tensor:
    """``(start² - z²)/2``: how much higher the log-density is at z than at ``start``, or lower."""
    return (start - z) * (start + z) / 2


def log_mass(a: Tensor, b: Tensor) -> Tensor:
    """``log(Φ(b) - Φ(a)) + c²/2`` with the anchor c of the interval; of any order."""
    size: Tensor = _LogMass.apply(a, b)  # type: ignore[no-untyped-call]
    return size


class _LogMass(torch.autograd.Function):
    """Its derivatives are densities at the ends, relative to its own mass."""

    generate_vmap_rule = True

    @staticmethod
    def forward(a: Tensor, b: Tensor) -> Tensor:
        """See `log_mass`."""
        left = b <= 0
        near, far = torch.where(left, -b, a), torch.where(left, -a, b)
        size = torch.where(near < 0, _across(near, far), _beside(near.clamp(min=0), far))
        return size.log()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        """Keep all."""
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """``-φ(a)/mass`` and ``φ(b)/mass``, and what the anchor moves."""
        a, b, size = ctx.saved_tensors
        start = anchor(a, b)
        low, high = (_relative(end, start, size + LOG_ROOT_TAU) for end in (a, b))
        by_low, by_high = start * (a >= 0) - low, start * (b <= 0) + high
        return _summed(gradient * by_low, a), _summed(gradient * by_high, b)


def _across(a: Tensor, b: Tensor) -> Tensor:
    """The mass of an interval with 0 in it."""
    return (torch.erf(b * _ROOT_HALF) - torch.erf(a * _ROOT_HALF)) / 2


def _beside(near: Tensor, far: Tensor) -> Tensor:
    """``(Φ(far) - Φ(near)) exp(near²/2)`` where ``near`` is 0 or more."""
    width = far - near
    fall = -width * (near + width / 2)
    tails = torch.special.erfcx(near * _ROOT_HALF) - fall.exp() * torch.special.erfcx(
        far * _ROOT_HALF
    )
    heights = sum(w * (-(width * x) * (near + width * x / 2)).exp() for x, w in _FOUR)
    narrow = width * (1 + near + width / 2) < _NARROW
    return torch.where(narrow, width * heights / math.sqrt(2 * math.pi), tails / 2)


def _relative(end: Tensor, start: Tensor, size: Tensor) -> Tensor:
    """``exp(rise(start, end) - size)``; 0 at an infinite end, without NaN in its derivatives."""
    infinite = end.isinf()
    height = rise(start, end.masked_fill(infinite, 0.0)) - size
    return height.masked_fill(infinite, 0.0).exp().masked_fill(infinite, 0.0)


class Quantile(torch.autograd.Function):
    """``z``, with its derivatives by the ends of its interval at a fixed share of the mass below.

    Those are ``φ(a)/φ(z)`` times the share above, and ``φ(b)/φ(z)`` times the share below: made of
    the value itself, so that they are right of any order, and for values that were given.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(a: Tensor, b: Tensor, z: Tensor) -> Tensor:
        """The value, strictly inside of the interval; no number where there is none."""
        z = torch.maximum(torch.minimum(z, torch.nextafter(b, a)), torch.nextafter(a, b))
        return z.masked_fill(~(a < b), torch.nan)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
        """Keep the ends and the value."""
        ctx.save_for_backward(*inputs[:2], output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """By the ends."""
        a, b, z = ctx.saved_tensors
        whole = log_mass(a, b)
        above = rise(anchor(z, b), z) - log_mass(z, b) + whole
        below = rise(anchor(a, z), z) - log_mass(a, z) + whole
        start = anchor(a, b)
        return (
            _summed(gradient * _relative(a, start, above), a),
            _summed(gradient * _relative(b, start, below), b),
            None,
        )


def _summed(value: Tensor, like: Tensor) -> Tensor:
    return value.sum_to_size(like.shape)


def share_below(a: Tensor, b: Tensor, z: Tensor) -> Tensor:
    """``(Φ(z) - Φ(a))/(Φ(b) - Φ(a))``."""
    fall = rise(torch.zeros_like(z), anchor(a, z)) - rise(torch.zeros_like(b), anchor(a, b))
    return (fall + log_mass(a, z) - log_mass(a, b)).exp()


def quantile(a: Tensor, b: Tensor, below: Tensor) -> Tensor:
    """``Φ⁻¹(Φ(a) + below (Φ(b) - Φ(a)))``, with a rounding error of the value or of 1."""
    left = b <= 0
    near, far = torch.where(left, -b, a), torch.where(left, -a, b)
    share, rest = torch.where(left, 1 - below, below), torch.where(left, below, 1 - below)
    beside = _quantile_beside(near.clamp(min=0), far, share, rest)
    found = torch.where(near < 0, _quantile_across(near, far, share, rest), beside)
    return torch.where(left, -found, found)


def _quantile_across(a: Tensor, b: Tensor, share: Tensor, rest: Tensor) -> Tensor:
    """From the tail in which the value lies."""
    mass = _across(a, b)
    below = torch.special.ndtr(a) + share * mass
    above = torch.special.ndtr(-b) + rest * mass
    lower, upper = torch.special.ndtri(below), -torch.special.ndtri(above)
    return torch.where(below < above, lower, upper)


def _quantile_beside(near: Tensor, far: Tensor, share: Tensor, rest: Tensor) -> Tensor:
    """By Newton's method on the logarithm of the mass above, concave, from the right."""
    whole = torch.special.erfcx(near * _ROOT_HALF)
    inside = (2 * _beside(near, far) / whole).clamp(max=1)  # of all that lies above `near`
    most = (rest + share * (1 - inside)).log()
    left = torch.where(share < 0.5, torch.log1p(-share * inside), most)
    root = (near + (near.square() - 2 * left).sqrt()).clamp(min=smallest(near.dtype))
    off = -2 * left / root
    for _ in range(_STEPS):
        tail = torch.special.erfcx((near + off) * _ROOT_HALF)
        above = (tail / whole).log() - off * (near + off / 2)
        off = (off + (above - left) * tail * math.sqrt(math.pi / 2)).clamp(min=0)
    return near + off


def legendre(like: Tensor) -> tuple[Tensor, Tensor]:
    """Gauss and Legendre's nodes in (0, 1), and their weights."""
    place, weight = _legendre()
    return place.to(like), weight.to(like)


@cache
def _legendre() -> tuple[Tensor, Tensor]:
    """By Golub and Welsch: the eigenvalues of a tridiagonal matrix."""
    k = torch.arange(1, _NODES, dtype=torch.float64)
    beside = torch.diag(k / (4 * k.square() - 1).sqrt(), 1)
    place, vectors = torch.linalg.eigh(beside + beside.mT)
    return (1 + place) / 2, vectors[0].square()
