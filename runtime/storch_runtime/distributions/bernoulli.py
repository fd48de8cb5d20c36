"""The Bernoulli distribution, by probabilities or logits."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from storch_runtime.distributions import ends
from storch_runtime.distributions.base import KEEPING, Parameter, drawn, sum_event
from storch_runtime.distributions.enumeration import Finite
from storch_runtime.precision import smallest

__all__ = ["Bernoulli"]


class Bernoulli(Finite):
    """0 or 1, as floats. The noise of a sample is uniform on [0, 1), below ``probs`` means 1.

    A probability of exactly 0 counts as the smallest normal float: its logarithm is about -87 (or
    -708 in double precision), every derivative stays finite, and exp(log_prob) has the right one.

    Parameters: ``probs`` from 0 to 1, or ``logits``: ``[...]``.
    Value: 0 or 1, ``[...]``.
    """

    __slots__ = ("_logits", "_probs", "_tensor")
    lattice = True
    ends = ends.INTERVAL

    inverse = True

    _logits: Parameter | None
    _probs: Parameter | None

    def __init__(
        self,
        probs: Parameter | None = None,
        logits: Parameter | None = None,
        *,
        event: int = 0,
    ) -> None:
        self._probs = probs
        self._logits = logits
        tensor = probs if logits is None else logits
        self._tensor = tensor if isinstance(tensor, Tensor) else torch.tensor(float(tensor or 0))
        self.event = event
        if KEEPING.asked:
            self.retain_grads()

    def given(self) -> dict[str, Parameter]:
        """``logits`` or ``probs``."""
        return {"probs" if self._logits is None else "logits": self._tensor}

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        return self._tensor.shape

    @property
    def outcomes(self) -> int:
        """Two."""
        return 2

    def as_torch(self) -> torch.distributions.Bernoulli:
        """Torch's distribution."""
        return torch.distributions.Bernoulli(**self.given(), validate_args=False)

    def _log_pair(self) -> tuple[Tensor, Tensor]:
        """``log P(1), log P(0)``."""
        if self._logits is not None:
            return logsigmoid(self._tensor), logsigmoid(-self._tensor)
        tiny = smallest(self._tensor.dtype)
        return (self._tensor + tiny).log(), (1 - self._tensor + tiny).log()

    def log_prob(self, value: Tensor) -> Tensor:
        """``value log P(1) + (1 - value) log P(0)``, also between 0 and 1."""
        logits = self._tensor
        if self._logits is None:
            one, zero = self._log_pair()
            return sum_event(value * one + (1 - value) * zero, self.event)
        if value.shape == logits.shape:
            cost = torch.binary_cross_entropy_with_logits(logits, value)
            return -sum_event(cost, self.event)
        return sum_event(value * logits + logsigmoid(-logits), self.event)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """0 or 1, without gradient."""
        probs = self._tensor.detach()
        if self._logits is not None:
            probs = probs.sigmoid()
        if noise is not None:
            return (noise < probs).to(probs.dtype)
        return torch.bernoulli(probs if n is None else probs.expand(drawn(n, probs.shape)))

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Uniform itself."""
        return uniform

    def entropy(self) -> Tensor:
        """``-Σ p log p`` with ``0 log 0 = 0``."""
        one, zero = self._log_pair()
        probs = self.probs
        return sum_event(-(probs * one + (1 - probs) * zero), self.event)

    def kl_divergence(self, other: Bernoulli) -> Tensor:
        """``Σ p log(p/q)`` ``[*plates]``: 0 where p is 0, infinite where only q is."""
        one, zero = self._log_pair()
        other_one, other_zero = other._support_pair()
        p, q = self.probs, self._complement()
        one, zero = one - other_one, zero - other_zero
        if other._logits is None:
            one, zero = one.masked_fill(p == 0, 0.0), zero.masked_fill(q == 0, 0.0)
        return sum_event(p * one + q * zero, self.event)

    def _support_pair(self) -> tuple[Tensor, Tensor]:
        one, zero = self._log_pair()
        if self._logits is not None:
            return one, zero
        p = self._tensor
        return one.masked_fill(p == 0, -torch.inf), zero.masked_fill(p == 1, -torch.inf)

    def _complement(self) -> Tensor:
        return 1 - self._tensor if self._logits is None else (-self._tensor).sigmoid()

    @property
    def like(self) -> Tensor:
        """The probabilities or logits."""
        return self._tensor

    def outcome_log_probs(self) -> Tensor:
        """Of 0, then of 1."""
        one, zero = self._log_pair()
        return torch.stack((zero, one))

    def from_indices(self, indices: Tensor) -> Tensor:
        """The same numbers, as floats."""
        return indices.to(self._tensor.dtype)

    def to_indices(self, value: Tensor) -> Tensor:
        """The same numbers, as integers."""
        return value.long()

    @property
    def probs(self) -> Tensor:
        """``P(1)``."""
        return self._tensor if self._logits is None else self._tensor.sigmoid()

    @property
    def logits(self) -> Tensor:
        """``log P(1) - log P(0)``."""
        if self._logits is not None:
            return self._tensor
        one, zero = self._log_pair()
        return one - zero

    @property
    def mean(self) -> Tensor:
        """``P(1)``."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The more likely value; NaN where both are equally likely, as in torch."""
        probs = self.probs
        return (probs >= 0.5).to(probs).masked_fill(probs == 0.5, torch.nan)

    def peak(self) -> Tensor:
        """The more likely value; 1 where both are equally likely."""
        return (self.probs >= 0.5).to(self.probs)

    @property
    def variance(self) -> Tensor:
        """``p (1 - p)``."""
        probs = self.probs
        return probs * (1 - probs)

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()
