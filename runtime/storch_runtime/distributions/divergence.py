"""``kl_divergence`` between any two families that have a closed form."""

from __future__ import annotations

from torch import Tensor

from storch_runtime.distributions.base import Distribution
from storch_runtime.distributions.bernoulli import Bernoulli
from storch_runtime.distributions.categorical import Classes
from storch_runtime.distributions.normal import Normal


def kl_divergence(q: Distribution, p: Distribution) -> Tensor:
    """``[*plates]``: Σ over every event dimension; the batch events broadcast."""
    if q.event != p.event:
        event = max(q.event, p.event)
        q, p = q.lift(event), p.lift(event)
    if isinstance(q, Normal) and isinstance(p, Normal):
        return q.kl_divergence(p)
    if isinstance(q, Classes) and isinstance(p, Classes):
        return q.kl_divergence(p)
    if isinstance(q, Bernoulli) and isinstance(p, Bernoulli):
        return q.kl_divergence(p)
    raise TypeError(f"no closed form from {type(q).__name__} to {type(p).__name__}")
