"""The normal distribution between two ends, exact far out in its tails, in single precision too."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from storch_runtime.distributions import ends
from storch_runtime.distributions.base import attach, sum_event
from storch_runtime.distributions.normal import Normal
from storch_runtime.distributions.pathwise import ByNoise
from storch_runtime.distributions.standard import (
    LOG_ROOT_TAU,
    Quantile,
    anchor,
    legendre,
    log_mass,
    quantile,
    rise,
    share_below,
)
from storch_runtime.distributions.written import Written, uniform_noise
from storch_runtime.precision import HALVES

__all__ = ["TruncatedNormal"]


class TruncatedNormal(ByNoise, Written):
    """A normal variable given that it lies between ``low`` and ``high``, which may be infinite.

    The noise is uniform, through the quantiles; derivatives are implicit, of any order.

    Parameters: ``loc``, ``scale`` above 0, ``low`` and ``high``: ``[...]``.
    Value: from ``low`` to ``high``, ``[...]``.
    """

    __slots__ = ()
    ends = ends.BETWEEN

    inverse = True

    def log_prob(self, value: Tensor) -> Tensor:
        """``-z²/2 - log √2π - log scale - log(Φ(b) - Φ(a))`` with all ends in units of scale."""
        a, b = self._ends()
        z = self._standard(value)
        each = rise(anchor(a, b), z) - log_mass(a, b) - LOG_ROOT_TAU - self._scale().log()
        return sum_event(each.to(self.like.dtype), self.event)

    def draw_noise(self, shape: tuple[int, ...]) -> Tensor:
        """Uniform on (0, 1)."""
        return uniform_noise(shape, self._loc())

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Uniform itself."""
        return uniform

    def from_noise(self, noise: Tensor) -> Tensor:
        """``loc + scale Φ⁻¹(Φ(a) + noise (Φ(b) - Φ(a)))``, between the ends."""
        a, b = self._ends()
        with torch.no_grad():
            z = quantile(a, b, noise.to(a.dtype))
        return self._between(self._path(z))

    def noise(self, value: Tensor) -> Tensor:
        """``(Φ(z) - Φ(a))/(Φ(b) - Φ(a))``."""
        return share_below(*self._ends(), self._standard(value))

    def replay(self, value: Tensor) -> Tensor:
        """``value`` with the derivatives of ``from_noise``, which its place tells by itself."""
        path = self._path(self._standard(value).detach())
        return attach(value, path.to(value.dtype))

    def entropy(self) -> Tensor:
        """Minus the expected log-density."""
        a, b = self._ends()
        z, weight = self._nodes()
        spread = (weight * rise(anchor(a, b).unsqueeze(-1), z)).sum(-1)
        each = log_mass(a, b) + LOG_ROOT_TAU + self._scale().log() - spread
        return sum_event(each.to(self.like.dtype), self.event)

    def kl_divergence(self, other: TruncatedNormal | Normal) -> Tensor:
        """``E[log p - log q]``; infinite where the other ends within this one."""
        if isinstance(other, Normal):
            other = _untruncated(other)
        z, weight = self._nodes()
        value = self._loc().unsqueeze(-1) + self._scale().unsqueeze(-1) * z
        ratio = self._density(value) - other._density(value)
        each = (weight * ratio).sum(-1)
        beyond = (self.low < other.low) | (self.high > other.high)
        return sum_event(each.masked_fill(beyond, torch.inf).to(self.like.dtype), self.event)

    @property
    def loc(self) -> Tensor:
        """The mean without the ends."""
        return self.full("loc")

    @property
    def scale(self) -> Tensor:
        """The standard deviation without the ends."""
        return self.full("scale")

    @property
    def low(self) -> Tensor:
        """The lower end, maybe minus infinity."""
        return self.full("low")

    @property
    def high(self) -> Tensor:
        """The upper end, maybe infinity."""
        return self.full("high")

    @property
    def mean(self) -> Tensor:
        """``loc + scale E z``."""
        z, weight = self._nodes()
        mean = self._loc() + self._scale() * (weight * z).sum(-1)
        return mean.to(self.like.dtype)

    @property
    def variance(self) -> Tensor:
        """``scale² Var z``."""
        z, weight = self._nodes()
        off = z - (weight * z).sum(-1, keepdim=True)
        return (self._scale().square() * (weight * off.square()).sum(-1)).to(self.like.dtype)

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()

    @property
    def mode(self) -> Tensor:
        """``loc``, or the end that is next to it."""
        return self.loc.clamp(self.low, self.high)

    # --- in units of scale, in single precision at least ------------------------------------------

    def _wide(self, name: str) -> Tensor:
        value = self.full(name)
        return value.float() if value.dtype in HALVES else value

    def _loc(self) -> Tensor:
        return self._wide("loc")

    def _scale(self) -> Tensor:
        return self._wide("scale")

    def _standard(self, value: Tensor) -> Tensor:
        return (value - self._loc()) / self._scale()

    def _ends(self) -> tuple[Tensor, Tensor]:
        return self._end("low"), self._end("high")

    def _end(self, name: str) -> Tensor:
        """An end; an infinite one has no derivative, in the scale neither."""
        end = self._wide(name)
        infinite = end.isinf()
        finite = self._standard(end.masked_fill(infinite, 0.0))
        return torch.where(infinite, end.detach(), finite)

    def _path(self, z: Tensor) -> Tensor:
        a, b = self._ends()
        moved: Tensor = Quantile.apply(a, b, z)  # type: ignore[no-untyped-call]
        return self._loc() + self._scale() * moved

    def _between(self, value: Tensor) -> Tensor:
        """A value that rounding has not taken beyond the ends."""
        kind = self.like.dtype
        return attach(value.detach().to(kind).clamp(self.low, self.high), value.to(kind))

    def _density(self, value: Tensor) -> Tensor:
        """At ``[*batch, nodes]``, also beyond the ends."""
        a, b = self._ends()
        loc, scale = self._loc().unsqueeze(-1), self._scale().unsqueeze(-1)
        size = log_mass(a, b) + self._scale().log() + LOG_ROOT_TAU
        return rise(anchor(a, b).unsqueeze(-1), (value - loc) / scale) - size.unsqueeze(-1)

    def _nodes(self) -> tuple[Tensor, Tensor]:
        """``[*batch, nodes]``: standard values, and weights that make expectations of sums.

        By Gauss and Legendre, over all but ``exp(-40)`` of the density: exact to rounding, also
        where closed forms cancel.
        """
        a, b = self._ends()
        middle = anchor(a, b)
        reach = 80 / (middle.abs() + (middle.square() + 80).sqrt())
        first, last = torch.maximum(a, middle - reach), torch.minimum(b, middle + reach)
        place, weight = legendre(first)
        z = first.unsqueeze(-1) + (last - first).unsqueeze(-1) * place
        mass = weight * rise(middle.unsqueeze(-1), z).exp()
        return z, mass / mass.sum(-1, keepdim=True)


def _untruncated(normal: Normal) -> TruncatedNormal:
    """A normal distribution as one that ends nowhere."""
    given = {**normal.given(), "low": -math.inf, "high": math.inf}
    return TruncatedNormal(**given, event=normal.event)
