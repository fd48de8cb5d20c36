"""Families over counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from storch_runtime.distributions import ends
from storch_runtime.distributions.base import sum_event
from storch_runtime.distributions.enumeration import Finite
from storch_runtime.distributions.wrapped import Forwarded, Wrapped

__all__ = ["Binomial", "Geometric", "Multinomial", "NegativeBinomial", "Poisson"]


class Binomial(Finite, Wrapped):
    """How many of ``total_count`` coins show 1; its support can be listed if that is a number."""

    __slots__ = ()
    ends = ends.FEWER

    make = torch.distributions.Binomial

    total_count = Forwarded()
    probs = Forwarded()
    logits = Forwarded()

    @property
    def outcomes(self) -> int:
        """``total_count + 1``."""
        total = self._given.get("total_count", 1)
        if isinstance(total, Tensor):
            raise TypeError("the support of Binomial can be listed only if total_count is a number")
        return int(total) + 1

    def log_prob(self, value: Tensor) -> Tensor:
        """``log n!/(k!(n-k)!) + k log p + (n-k) log(1-p)``: smooth, also where the logit is 0."""
        return sum_event(self._each(value), self.event)

    def _each(self, value: Tensor) -> Tensor:
        total, logits = self.torch.total_count, self.torch.logits  # type: ignore[attr-defined]
        rest = total - value
        ways = (total + 1).lgamma() - (value + 1).lgamma() - (rest + 1).lgamma()
        each: Tensor = ways + value * logsigmoid(logits) + rest * logsigmoid(-logits)
        return each

    @property
    def like(self) -> Tensor:
        """The probabilities."""
        return self.probs

    def outcome_log_probs(self) -> Tensor:
        """Of each count from 0."""
        counts = torch.arange(self.outcomes, dtype=self.like.dtype, device=self.like.device)
        return self._each(counts.reshape(-1, *(1,) * len(self.batch_shape)))

    def from_indices(self, indices: Tensor) -> Tensor:
        """The same numbers, as floats."""
        return indices.to(self.like.dtype)

    def to_indices(self, value: Tensor) -> Tensor:
        """The same numbers, as integers."""
        return value.long()


class Geometric(Wrapped):
    """How many failures come before the first success."""

    __slots__ = ()
    ends = ends.HALF

    make = torch.distributions.Geometric

    probs = Forwarded()
    logits = Forwarded()


class Multinomial(Wrapped):
    """How often each of C classes comes up in ``total_count`` draws."""

    __slots__ = ()
    ends = ends.COUNTS

    make = torch.distributions.Multinomial
    ranks: ClassVar[Mapping[str, int]] = {"probs": 1, "logits": 1}
    constants = frozenset({"total_count"})

    total_count = Forwarded()
    probs = Forwarded()
    logits = Forwarded()


class NegativeBinomial(Wrapped):
    """How many successes come before the ``total_count``-th failure."""

    __slots__ = ()
    ends = ends.HALF

    make = torch.distributions.NegativeBinomial

    total_count = Forwarded()
    probs = Forwarded()
    logits = Forwarded()


class Poisson(Wrapped):
    """How often something rare happens."""

    __slots__ = ()
    ends = ends.HALF

    make = torch.distributions.Poisson

    rate = Forwarded()
