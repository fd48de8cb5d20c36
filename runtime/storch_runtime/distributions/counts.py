"""Families over counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

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

    def enumerate_support(self) -> Tensor:
        """``[(total_count + 1) ** D, *event]``."""
        shape, like = self.batch_event, self.probs
        indices = joint_indices(self.outcomes, shape.numel(), like.device)
        return indices.to(like.dtype).reshape(-1, *shape)

    def joint_log_prob(self, support: Tensor) -> Tensor:
        """``[S, *plates]``, for the rows of ``enumerate_support()``."""
        values = torch.arange(self.outcomes, dtype=support.dtype, device=support.device)
        table = self.torch.log_prob(values.reshape(-1, *(1,) * len(self.batch_shape)))
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
