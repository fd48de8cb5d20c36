"""``kl_divergence`` between any two families that have a closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions.base import Distribution, common_shape, sum_event
from storch_runtime.distributions.bernoulli import Bernoulli
from storch_runtime.distributions.categorical import Categorical, OneHotCategorical
from storch_runtime.distributions.continuous_bernoulli import ContinuousBernoulli
from storch_runtime.distributions.matrices import Wishart
from storch_runtime.distributions.normal import Normal
from storch_runtime.distributions.transformed import TransformedDistribution
from storch_runtime.distributions.truncated import TruncatedNormal
from storch_runtime.distributions.wrapped import Wrapped

__all__ = ["kl_divergence"]

_OWN = (Normal, OneHotCategorical, Categorical, Bernoulli, ContinuousBernoulli, Wishart)


def kl_divergence(q: Distribution, p: Distribution) -> Tensor:
    """``[*plates]``: Σ over every event dimension; the batch events broadcast."""
    if q.event != p.event:
        event = max(q.event, p.event)
        q, p = q.lift(event), p.lift(event)
    for family in _OWN:
        if isinstance(q, family) and isinstance(p, family):
            return q.kl_divergence(p)  # type: ignore[arg-type]
    if isinstance(q, TruncatedNormal) and isinstance(p, TruncatedNormal | Normal):
        return q.kl_divergence(p)
    if isinstance(q, Wrapped) and isinstance(p, Wrapped) and (half := q.half()) is not None:
        return kl_divergence(q.widened(), p.widened()).to(half)
    if isinstance(q, TransformedDistribution) and isinstance(p, TransformedDistribution):
        return kl_divergence(q.whole(), p.whole())  # the transforms are the same
    left, right = q.as_torch(), p.as_torch()
    shape = common_shape(left.batch_shape, right.batch_shape)
    each = torch.distributions.kl_divergence(left.expand(shape), right.expand(shape))
    return sum_event(each, q.event)
