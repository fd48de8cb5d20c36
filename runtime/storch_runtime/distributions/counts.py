"""Families over counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from storch_runtime.distributions.base import sum_event
from storch_runtime.distributions.enumeration import joint_indices, joint_sums
from storch_runtime.distributions.wrapped import Forwarded, Wrapped


class Binomial(Wrapped):
    """How many of ``total_count`` coins show 1; its support can be listed if that is a number."""

    __slots__ = ()

    make = torch.distributions.Binomial
    finite = True

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

    def enumerate_support(self) -> Tensor:
        """``[(total_count + 1) ** D, *event]``."""
        shape, like = self.batch_event, self.probs
        indices = joint_indices(self.outcomes, shape.numel(), like.device)
        return indices.to(like.dtype).reshape(-1, *shape)

    def joint_log_prob(self, support: Tensor) -> Tensor:
        """``[S, *plates]``, for the rows of ``enumerate_support()``."""
        values = torch.arange(self.outcomes, dtype=support.dtype, device=support.device)
        table = self._each(values.reshape(-1, *(1,) * len(self.batch_shape)))
        return joint_sums(table, self.event)


class Geometric(Wrapped):
    """How many failures come before the first success."""

    __slots__ = ()

    make = torch.distributions.Geometric

    probs = Forwarded()
    logits = Forwarded()


class Multinomial(Wrapped):
    """How often each of C classes comes up in ``total_count`` draws."""

    __slots__ = ()

    make = torch.distributions.Multinomial
    ranks: ClassVar[Mapping[str, int]] = {"probs": 1, "logits": 1}
    constants = frozenset({"total_count"})

    probs = Forwarded()
    logits = Forwarded()


class NegativeBinomial(Wrapped):
    """How many successes come before the ``total_count``-th failure."""

    __slots__ = ()

    make = torch.distributions.NegativeBinomial

    total_count = Forwarded()
    probs = Forwarded()
    logits = Forwarded()


class Poisson(Wrapped):
    """How often something rare happens."""

    __slots__ = ()

    make = torch.distributions.Poisson

    rate = Forwarded()
