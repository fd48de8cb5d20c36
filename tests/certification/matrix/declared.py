"""Distributions as users write them, of one row a value: what known families are, too."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["OWN", "Coin", "Gaussian"]

OWN = "own"
"""What stories call them."""


class Coin:
    """0 or 1 ``[N, *event]``, of log-odds of the same shape."""

    def sample(self, odds: Tensor) -> Tensor:
        """As floats."""
        return torch.bernoulli(odds.sigmoid())

    def log_prob(self, value: Tensor, odds: Tensor) -> Tensor:
        """``[N]``."""
        each: Tensor = torch.distributions.Bernoulli(logits=odds).log_prob(value)
        return each.reshape(len(each), -1).sum(-1)


class Gaussian:
    """Normal values ``[N, *event]`` around a mean, the wider the larger that is."""

    def _law(self, mean: Tensor) -> torch.distributions.Normal:
        return torch.distributions.Normal(mean, (0.3 * mean).exp())

    def sample(self, mean: Tensor) -> Tensor:
        """Without a gradient."""
        return self._law(mean).sample()

    def rsample(self, mean: Tensor) -> Tensor:
        """With one."""
        return self._law(mean).rsample()

    def log_prob(self, value: Tensor, mean: Tensor) -> Tensor:
        """``[N]``."""
        each: Tensor = self._law(mean).log_prob(value)
        return each.reshape(len(each), -1).sum(-1)
